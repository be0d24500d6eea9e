import AuthCore
import Backends
import Foundation

extension Trial where S: ~Copyable {
    /// No credential that was issued may stand in the store, neither as text nor as the bytes that it encodes.
    mutating func checkStoreHoldsNoCredential(_: S.Type) throws {
        var secrets: [[UInt8]] = []
        for _ in 0..<50 {
            let credential = try here.login(alice, at: start)
            let separator = credential.refreshToken.isEmpty ? UInt8(ascii: "=") : nil
            let token =
                separator.flatMap { credential.headerLine.firstIndex(of: $0) }.map {
                    Array(credential.headerLine[($0 + 1)...])
                }
                ?? credential.refreshToken
            secrets.append(token)
            if let bytes = Base64URL.decode(token.span) { secrets.append(bytes) }
        }
        let dump = try StoreDump.bytes(environment)
        try require(!dump.isEmpty, "the store could not be read")
        for secret in secrets {
            try require(
                dump.range(of: Data(secret)) == nil,
                "a dump of the store holds a credential that could be presented")
        }
    }
}

/// Everything that a run's stores hold.
enum StoreDump {
    static func bytes(_ environment: Environment) throws -> Data {
        var dump = Data()
        for suffix in ["", "-wal"] {
            // A strategy without SQLite has no file.
            dump += (try? Data(contentsOf: URL(fileURLWithPath: environment.sqlite.path + suffix))) ?? Data()
        }
        guard let redis = environment.redis, let endpoint = RedisEndpoint(url: redis.url) else { return dump }
        var connection = try RedisConnection(endpoint)
        for key in try connection.execute(RedisCommand("KEYS", redis.keyPrefix + "*")).elements ?? [] {
            var command = RedisCommand()
            command.begin(arguments: 2)
            command.append("DUMP")
            command.append(key)
            dump += Data(key) + Data(try connection.execute(command).bytes ?? [])
        }
        return dump
    }
}
