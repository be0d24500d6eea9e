import ArgumentParser
import AuthStrategies
import Backends
import Foundation

/// `authbench serve-authority` answers about tokens for `introspection`; `run` starts it, nobody types it.
struct ServeAuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-authority",
        abstract: "Keeps the sessions of a run and answers about them over HTTP.", shouldDisplay: false)

    @Argument var folder: String
    /// 0 for any free one.
    @Argument var port: UInt16

    func run() throws {
        var lines = LineReader(FileHandle.standardInput)
        guard let line = try? lines.next(patience_s: 60) else {
            throw CommandError.usage("serve-authority reads who may ask it from standard input")
        }
        guard let orders = AuthorityOrders(line) else {
            throw CommandError.usage(
                "serve-authority reads an identifier, a secret and two addresses, with spaces between")
        }
        let authority = Authority(
            folder: AuthorityFolder(folder), caller: orders.caller, servers: orders.servers)
        let server: HTTPServer
        do throws(FileError) { server = try HTTPServer(port: port) } catch {
            throw CommandError.runtime("\(error)")
        }
        FileHandle.standardOutput.write(Data("\(server.port)\n".utf8))
        server.run { authority.handler() }
    }
}
