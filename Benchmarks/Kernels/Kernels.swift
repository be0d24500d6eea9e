import AuthCore
import AuthKernels
import AuthStrategies
import Benchmark
import Contest
import Peers

/// Every piece of a hot path alone; times are of one operation.
let benchmarks: @Sendable () -> Void = {
    kernel("HMAC-SHA256") {
        let scene = try TokenScene()
        return CryptoKernels.hmac(key: scene.keys.secret, of: scene.hs256Inputs)
    }
    kernel("SHA-256") { CryptoKernels.sha256(of: try TokenScene().hs256Inputs) }
    kernel("base64url encode") { TextKernels.base64Encode(try TokenScene().hs256Payloads) }
    kernel("base64url decode") { TextKernels.base64Decode(try TokenScene().hs256PayloadTexts) }
    kernel("header parse") { try TextKernels.headerParse(TokenScene.tokens) }
    kernel("claims reader") { try TextKernels.claimsReader(TokenScene.tokens) }
    kernel("hs256-jwt authenticate") { try TokenScene().hs256.authenticate }
    kernel("hs256-jwt login") { try TokenScene().hs256.login }
    kernel("rs256-jwt authenticate") { try TokenScene().rs256.authenticate }
    kernel("rs256-jwt login") { try TokenScene().rs256.login }
    kernel("SQLite point read") {
        let scene = try StoreScene()
        return try scene.sqlitePointRead()
    }
    kernel("SQLite insert") { try StoreScene().sqliteInsert() }
    kernel("Redis round trip") { try StoreScene().redisRoundTrip() }
    kernel("histogram record") { HarnessKernels.histogramRecord }
    kernel("clock read") { HarnessKernels.clockRead }
    kernel("trace step") { HarnessKernels.traceStep }
    harness("null operation through the harness", operations: 1_000_000) {
        try ClientKernel(NullStrategy.self, clients: 1, population: 1000, environment: .withoutStores)
    }
}
