import AuthCore
import HotPaths
import AuthStrategies
import Benchmark
import Contest
import Peers

/// Every piece of a hot path alone; times are of one operation.
let benchmarks: @Sendable () -> Void = {
    piece("HMAC-SHA256") {
        let sandbox = try TokenSandbox()
        return CryptoHotPaths.hmac(key: sandbox.keys.secret, of: sandbox.hs256Inputs)
    }
    piece("SHA-256") { CryptoHotPaths.sha256(of: try TokenSandbox().hs256Inputs) }
    piece("base64url encode") { TextHotPaths.base64Encode(try TokenSandbox().hs256Payloads) }
    piece("base64url decode") { TextHotPaths.base64Decode(try TokenSandbox().hs256PayloadTexts) }
    piece("header parse") { try TextHotPaths.headerParse(TokenSandbox.tokens) }
    piece("claims reader") { try TextHotPaths.claimsReader(TokenSandbox.tokens) }
    piece("hs256-jwt authenticate") { try TokenSandbox().hs256.authenticate }
    piece("hs256-jwt login") { try TokenSandbox().hs256.login }
    piece("rs256-jwt authenticate") { try TokenSandbox().rs256.authenticate }
    piece("rs256-jwt login") { try TokenSandbox().rs256.login }
    piece("SQLite point read") {
        let sandbox = try StoreSandbox()
        return try sandbox.sqlitePointRead()
    }
    piece("SQLite insert") { try StoreSandbox().sqliteInsert() }
    piece("Redis round trip") { try StoreSandbox().redisRoundTrip() }
    piece("histogram record") { HarnessHotPaths.histogramRecord }
    piece("clock read") { HarnessHotPaths.clockRead }
    piece("trace step") { HarnessHotPaths.traceStep }
    piece("memory-session authenticate") { try StoreSandbox().hotPath("memory-session") }
    harness("null operation through the harness", operations: 1_000_000) {
        try ClientHotPath(NullStrategy.self, clients: 1, population: 1000, environment: .withoutStores)
    }
}
