import Foundation
import JWTKit

/// What the JWT strategies ask of a header and jwt-kit by itself does not: the type of an access token (RFC 9068 section
/// 4), and that nothing is critical or unencoded (RFC 7515 section 4.1.11, RFC 7797 section 7).
struct AccessTokenParser: JWTParser {
    var jsonDecoder: any JWTJSONDecoder = .defaultForJWT

    func parse<Payload: JWTPayload>(
        _ token: some DataProtocol, as: Payload.Type
    ) throws -> (header: JWTHeader, payload: Payload, signature: Data) {
        let parts = try DefaultJWTParser(jsonDecoder: jsonDecoder).parse(token, as: Payload.self)
        guard parts.header.typ == "at+jwt", parts.header.crit == nil, parts.header.fields["b64"] == nil else {
            throw JWTError.malformedToken(reason: "no access token")
        }
        return parts
    }
}
