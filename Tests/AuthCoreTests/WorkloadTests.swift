import AuthCore
import Foundation
import Testing

@Suite("Workload file")
struct WorkloadTests {
    private func decode(_ json: String) throws -> Workload {
        try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
    }

    private func message(_ json: String) -> String {
        do {
            _ = try decode(json)
            return "accepted"
        } catch { return "\(error)" }
    }

    @Test("fills in defaults")
    func defaults() throws {
        let workload = try decode(#"{"name":"x","summary":"y","mix":{"authenticate":1}}"#)
        #expect(workload.population == 100_000)
        #expect(workload.clients == 8)
        #expect(workload.skew == .zipfian)
        #expect(workload.policy.touch == .interval(milliseconds: 60_000))
    }

    @Test("reads every key")
    func everyKey() throws {
        let workload = try decode(
            """
            {"name":"x","summary":"y","population":320,"clients":4,"seed":9,"skew":"uniform","touch":"always",
             "requests_per_session_per_second":2.5,"session_bytes":300,"requests_in_parallel":2,"sweep_interval_seconds":0.25,
             "claims":{"roles":["b","a"],"level":2},"store_rtt":"0.8ms","lifetimes_seconds":{"idle":100,"absolute":1000,"token":200,"access":50,"refresh_idle":300,"refresh_grace":5},
             "mix":{"authenticate":0.5,"login":0.25,"wrong_audience":0.25}}
            """)
        #expect(workload.seed == 9)
        #expect(workload.policy.touch == .always)
        #expect(workload.policy.lifetimes.access_ms == 50_000)
        #expect(workload.policy.lifetimes.refreshGrace_ms == 5000)
        #expect(workload.mix[.wrongAudience] == 0.25)
        #expect(workload.requestsPerSessionPerSecond == 2.5)
        #expect(workload.policy.session_bytes == 300)
        #expect(workload.policy.claims.members == #""level":2,"roles":["b","a"]"#)
        #expect(workload.requestsInParallel == 2)
        #expect(workload.policy.sweepInterval_ms == 250)
        #expect(workload.storeRTT?.time_ns == 800_000)
        // What is measured is another thing, so the hash is another.
        var near = workload
        near.storeRTT = nil
        func hashed(_ workload: Workload) -> [UInt8] {
            var head: [UInt8] = []
            Trace(workload).forEachChunk { if head.isEmpty { head = $0 } }
            return head
        }
        #expect(hashed(near) != hashed(workload))
    }

    @Test("is read back from what it writes", arguments: ["never", "always", "interval"])
    func roundTrip(touch: String) throws {
        let workload = try decode(
            #"{"name":"x","summary":"y","touch":"\#(touch)","session_bytes":7,"requests_in_parallel":4,"sweep_interval_seconds":0.35,"store_rtt":"200us","claims":{"b":[1,2.5,null,true,{"x":"ü\"\\"}],"a":1e20},"mix":{"authenticate":0.75,"login":0.25}}"#
        )
        #expect(try decode(String(decoding: JSONEncoder().encode(workload), as: UTF8.self)) == workload)
    }

    @Test("renewals are as needed unless a share is given, and are written as they were read")
    func renewals() throws {
        func mix(_ renew: String) throws -> Workload.Mix {
            try decode(#"{"name":"x","summary":"y","mix":{"authenticate":0.75,"login":0.25\#(renew)}}"#).mix
        }
        #expect(try mix("").renewsAsNeeded && mix(#","renew":"auto""#) == mix(""))
        #expect(try !mix(#","renew":0"#).renewsAsNeeded)
        let fixed = try decode(#"{"name":"x","summary":"y","mix":{"authenticate":0.75,"renew":0.25}}"#)
        #expect(fixed.mix[.renew] == 0.25 && !fixed.mix.renewsAsNeeded)
        #expect(try decode(String(decoding: JSONEncoder().encode(fixed), as: UTF8.self)) == fixed)
        let text = message(#"{"name":"x","summary":"y","mix":{"authenticate":1,"renew":"often"}}"#)
        #expect(text.contains("mix.renew is \"often\": give a share from 0 to 1, or \"auto\""), "\(text)")
    }

    @Test(
        "refuses names that other programs read as something else, and those too long for a file's name",
        arguments: [
            "", "null", "NaN", "-2", "=cmd", "+1", "@x", "1e5", "a\\u001b[31m", "a\\nb", "a/b", "../a", "a,b",
            "true", String(repeating: "x", count: 81),
        ])
    func names(name: String) {
        let text = message(#"{"name":"\#(name)","summary":"y","mix":{"authenticate":1}}"#)
        #expect(text.hasPrefix("name is "), "\(text)")
        #expect(!text.contains("\u{1B}"))
    }

    @Test("takes names that people give", arguments: ["mixed", "my run 2", "größe_1.5-b"])
    func goodNames(name: String) {
        #expect(message(#"{"name":"\#(name)","summary":"y","mix":{"authenticate":1}}"#) == "accepted")
    }

    @Test(
        "refuses a bad file and names the key",
        arguments: [
            (#"{"name":"x","summary":"y","mix":{"authenticate":1},"colour":1}"#, "colour"),
            (#"{"name":"x","summary":"y","mix":{"authenticat":1}}"#, "authenticat"),
            (
                #"{"name":"x","summary":"y","mix":{"authenticate":1},"lifetimes_seconds":{"acces":1}}"#,
                "acces"
            ),
            (#"{"name":"x","summary":"y","mix":{"authenticate":0.9}}"#, "sum to 0.9"),
            (#"{"name":"x","summary":"y","mix":{"authenticate":1.5,"login":-0.5}}"#, "mix.login"),
            (#"{"name":"x","summary":"y","clients":0,"mix":{"authenticate":1}}"#, "clients is 0"),
            (#"{"name":"x","summary":"y","population":10,"mix":{"authenticate":1}}"#, "population is 10"),
            (#"{"name":"","summary":"y","mix":{"authenticate":1}}"#, "name"),
            (#"{"name":"x","summary":"y","touch":"often","mix":{"authenticate":1}}"#, "often"),
            (
                #"{"name":"x","summary":"y","touch":"never","touch_interval_seconds":5,"mix":{"authenticate":1}}"#,
                "needs \"touch\": \"interval\""
            ),
            (#"{"name":"x","summary":"y","touch_interval_seconds":0,"mix":{"authenticate":1}}"#, "above 0"),
            (
                #"{"name":"x","summary":"y","touch_interval_seconds":900,"mix":{"authenticate":1}}"#,
                "lifetimes_seconds.access is 900: give at least 2 more than touch_interval_seconds, which is 900"
            ),
            (
                #"{"name":"x","summary":"y","lifetimes_seconds":{"access":60},"mix":{"authenticate":1}}"#,
                "lifetimes_seconds.access is 60: give at least 2 more than touch_interval_seconds, which is 60, because "
                    + "sessions may be 60 s old when the run starts and would expire in it (jitter takes 3 s of access)"
            ),
            (
                #"{"name":"x","summary":"y","touch":"never","lifetimes_seconds":{"idle":1},"mix":{"authenticate":1}}"#,
                "lifetimes_seconds.idle is 1: give at least 2"
            ),
            (
                #"{"name":"x","summary":"y","lifetimes_seconds":{"idle":0},"mix":{"authenticate":1}}"#,
                "idle is 0"
            ),
            (
                #"{"name":"x","summary":"y","lifetimes_seconds":{"refresh_grace":61},"mix":{"authenticate":1}}"#,
                "grace"
            ),
            (
                #"{"name":"x","summary":"y","requests_per_session_per_second":0,"mix":{"authenticate":1}}"#,
                "above 0"
            ),
            (
                #"{"name":"x","summary":"y","claims":{"role":"a","exp":1},"mix":{"authenticate":1}}"#,
                "claims.exp is set"
            ),
            (
                #"{"name":"x","summary":"y","claims":{},"mix":{"authenticate":1}}"#,
                "claims is no object with members"
            ),
            (
                #"{"name":"x","summary":"y","claims":["a"],"mix":{"authenticate":1}}"#,
                "claims is no object with members"
            ),
            (
                #"{"name":"x","summary":"y","claims":{"a":"\#(String(repeating: "x", count: 8187))"},"mix":{"authenticate":1}}"#,
                "claims are 8193 bytes of JSON: give at most 8192"
            ),
            (
                #"{"name":"x","summary":"y","claims":{\#((0..<54).map { "\"c\($0)\":1" }.joined(separator: ","))},"mix":{"authenticate":1}}"#,
                "claims has 54 members: give at most 53"
            ),
            (
                #"{"name":"x","summary":"y","session_bytes":-1,"mix":{"authenticate":1}}"#,
                "session_bytes is -1"
            ),
            (
                #"{"name":"x","summary":"y","store_rtt":"1","mix":{"authenticate":1}}"#,
                "store_rtt is \"1\": give a time with its unit"
            ),
            (
                #"{"name":"x","summary":"y","store_rtt":"1001ms","mix":{"authenticate":1}}"#,
                "store_rtt is \"1001ms\": give at most 1000ms"
            ),
            (
                #"{"name":"x","summary":"y","session_bytes":65537,"mix":{"authenticate":1}}"#,
                "session_bytes is 65537"
            ),
            (
                #"{"name":"x","summary":"y","sweep_interval_seconds":0.001,"mix":{"authenticate":1}}"#,
                "sweep_interval_seconds is 0.001"
            ),
            (
                #"{"name":"x","summary":"y","requests_in_parallel":3,"mix":{"authenticate":1}}"#,
                "divides clients (8)"
            ),
            (#"{"name":"x","summary":"y","requests_in_parallel":0,"mix":{"authenticate":1}}"#, "is 0"),
            (#"{"name":"x","mix":{"authenticate":1}}"#, "summary"),
            (#"{"name":"x","summary":"y","seed":null,"mix":{"authenticate":1}}"#, "seed"),
            (#"{"name":"x","summary":"y","store_rtt":null,"mix":{"authenticate":1}}"#, "store_rtt"),
            (#"{"name":"x","summary":"y","mix":{"authenticate":1,"login":null}}"#, "login"),
            (
                #"{"name":"x","summary":"y","clients":1000000000000000000,"mix":{"authenticate":1}}"#,
                "clients"
            ),
        ])
    func refused(json: String, part: String) {
        #expect(message(json).contains(part), "\(message(json))")
    }
}

@Suite("Distances to a store")
struct StoreRTTTests {
    private struct Fault: Error { var text: String }

    @Test(
        "have a unit",
        arguments: [
            ("200us", 200_000), ("0.8ms", 800_000), ("1000ms", 1_000_000_000), ("0", 0), ("0ms", 0),
            ("1.5us", 1500),
        ])
    func units(text: String, time_ns: UInt64) throws {
        let distance = try StoreRTT(text) { Fault(text: $0) }
        #expect(distance.time_ns == time_ns)
        #expect(try StoreRTT(distance.text) { Fault(text: $0) } == distance)
    }

    @Test(
        "without one, or beyond a second, are refused",
        arguments: ["1", "-1", "-1ms", "1h", "nan", "nanms", "1e3us", "", "ms", "1001ms", "1 ms", "0.5s"])
    func refused(text: String) {
        #expect(throws: Fault.self) { try StoreRTT(text) { Fault(text: $0) } }
    }
}
