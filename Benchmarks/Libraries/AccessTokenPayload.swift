import Foundation
import JWTKit

/// What our access tokens say, for jwt-kit and JSONDecoder, with the checks that the JWT strategies make.
public struct AccessTokenPayload: JWTPayload {
    var iss: IssuerClaim
    var aud: AudienceClaim
    var sub: SubjectClaim
    var client_id: String
    var scope: String
    var jti: IDClaim
    var iat: IssuedAtClaim
    var nbf: NotBeforeClaim?
    var exp: ExpirationClaim
    var auth_time: Date?

    /// The moment at which the tokens are checked: a second after they were issued, because jwt-kit takes `nbf` itself
    /// for too soon.
    static let now = Date(timeIntervalSince1970: 1_767_225_601)

    public func verify(using algorithm: some JWTAlgorithm) throws { try verify() }

    func verify() throws {
        guard iss.value == "https://id.test" else {
            throw JWTError.claimVerificationFailure(failedClaim: iss, reason: "not ours")
        }
        try aud.verifyIntendedAudience(includes: "https://api.test")
        try exp.verifyNotExpired(currentDate: Self.now)
        try nbf?.verifyNotBefore(currentDate: Self.now)
        guard iat.value <= Self.now, iat.value < exp.value, exp.value.timeIntervalSince(iat.value) <= 3600
        else {
            throw JWTError.claimVerificationFailure(
                failedClaim: iat, reason: "not the lifetime of our tokens")
        }
        guard sub.value.utf8.count == 36, scope.split(separator: " ").contains("read") else {
            throw JWTError.claimVerificationFailure(
                failedClaim: sub, reason: "no subject, or nothing granted")
        }
    }
}
