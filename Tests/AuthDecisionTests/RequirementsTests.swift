import AuthCore
import Foundation
import Testing

@testable import AuthDecision

@Suite("Requirements")
struct RequirementsTests {
    private func read(_ json: String) throws -> Requirements { try Requirements(json: Data(json.utf8)) }

    @Test("the example is read, remarks and all, and sets every key")
    func example() throws {
        let requirements = try read(Requirements.example)
        #expect(Set(requirements.texts.keys) == Set(RequirementKey.allCases))
        #expect(requirements[.logoutWithin] == 60e9 && requirements[.storeRTT] == 800_000)
        #expect(requirements.stores == [.redis, .postgres])
    }

    @Test("what is written down of requirements is read as the same requirements")
    func written() throws {
        let requirements = try read(Requirements.example)
        #expect(try read(try requirements.json) == requirements)
    }

    @Test(
        "what cannot be is refused in words",
        arguments: [
            ("[]", "no JSON object"), ("{", "no JSON object"),
            (#"{"latency":1}"#, "the key \"latency\" is unknown"),
            (#"{"logout_within":60}"#, "give a time with its unit"),
            (#"{"p99_within":"5"}"#, "give a time with its unit"),
            (#"{"p99_within":"-5ms"}"#, "give a time"), (#"{"users":1.5}"#, "give a whole number"),
            (#"{"services":0}"#, "give a whole number"),
            (#"{"requests_per_second":"many"}"#, "give a number"),
            (#"{"stores":["mysql"]}"#, "give some of sqlite,redis,redis-cluster,postgres,authority"),
            (#"{"while_store_away":"panic"}"#, "refuse or go-on"),
            (#"{"verifiers_may_mint":"no"}"#, "true or false"),
            (#"{"logout_within":"0","stores":[],"services":3}"#, "without a store"),
            (#"{"store_rtt":"1ms","stores":[]}"#, "leave one of them out"),
            (#"{"requests_per_second":1,"sign_ins_per_day":90000}"#, "who signs in sends a request"),
            (#"{"header_limit_bytes":100,"claims_bytes":200}"#, "no token with these claims"),
        ])
    func refused(json: String, reason: String) {
        let error = #expect(throws: RequirementError.self) { _ = try read(json) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}
