import ArgumentParser
import AuthCore
import AuthHarness
import AuthStrategies
import Backends
import Foundation

/// `authbench serve` puts one strategy behind HTTP, for `run --target` and for any other client.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Puts a strategy behind HTTP/1.1, on this machine only.",
        discussion: """
            Each connection has a thread and a strategy value of its own. Who signs in names a user and no password, so \
            that nobody but this machine may reach the server: it listens on 127.0.0.1.

            ROUTES:
              POST /login     {"user": 7}: a cookie, or a body with an access token.
              GET /resource   200 and the user, 401, 403, or 503 without a store.
              POST /renew     A fresh credential for that of the request.
              POST /logout    Ends what the request's credential stands for.
              GET /sessions   How many sessions the user has.
              GET /open       For everybody: what all but authentication costs.
              GET /health     200 as soon as the server answers.
              GET /           A page for a browser, which uses these routes.

            EXAMPLES:
              authbench serve hs256-jwt --port 8080
              authbench serve redis-session --port 0 --contract contract.json
            """)

    @Argument(help: "The strategy, as in `run`.")
    var strategy: String

    @Option(help: ArgumentHelp("The port to listen at; 0 for any free one.", valueName: "number"))
    var port: UInt16 = 0

    @Option(
        help: ArgumentHelp(
            "Writes a contract for `run --target` to this new file, once the server listens.",
            valueName: "file"))
    var contract: String?

    @Flag(
        help:
            "Also issues credentials that are old or flawed (POST /probe), so that a trace has them to be refused."
    )
    var probes = false

    @Option(
        help: ArgumentHelp(
            "The built-in workload or file whose lifetimes and other settings of strategies hold.",
            valueName: "workload"))
    var workload = "mixed"

    @OptionGroup var claims: ClaimsOption

    @OptionGroup var stores: StoreOptions

    func validate() throws {
        if let contract { try CommandError.refuseEmpty(contract, "--contract") }
    }

    func run() throws {
        let choices = try StrategyChoice.named([strategy], among: Registry.strategies)
        guard choices.count == 1, let choice = choices.first else {
            throw CommandError.usage("\(strategy.printable) is a set of strategies: name one")
        }
        guard choice.descriptor.transport != .none else {
            throw CommandError.usage("\(choice.descriptor.id) has no credential that a request could carry")
        }
        if let contract, FileManager.default.fileExists(atPath: contract) {
            throw CommandError.badData("--contract \(contract) exists: name a new file")
        }
        let (stop, cleanup) = (StopFlag(), Cleanup())
        let interruption = Interruption(stop: stop, cleanup: cleanup)
        defer { interruption.end() }
        _ = FileLimit.raise()
        var workload = try WorkloadSource.load(workload)
        workload.policy.claims = try claims.read() ?? workload.policy.claims
        let opened = try Stores(
            try RunPlan(unmeasured: [choice], of: workload, stores.plan(), out: ".", isQuiet: true),
            cleanup: cleanup)
        let fault: (any Error)?
        do {
            try listen(choice, in: opened.environment, stop)
            fault = nil
        } catch { fault = opened.cause(of: error) }
        let problem = opened.close(isEmpty: true)
        if let fault { throw fault }
        if let problem { throw CommandError.runtime(problem) }
    }

    private func listen(_ choice: StrategyChoice, in environment: Environment, _ stop: StopFlag) throws {
        let service = try StrategyService(choice, in: environment, hasProbes: probes) {
            Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        }
        let server: HTTPServer
        do throws(FileError) {
            // As long as nginx keeps idle connections, and waits for a request, unless told otherwise.
            server = try HTTPServer(port: port, patience: .init(idle_s: 75, request_s: 60))
        } catch {
            throw CommandError.runtime("--port \(port): \(error)")
        }
        let address = "http://127.0.0.1:\(server.port)"
        if let contract {
            let text = ServedContract.text(of: choice, under: environment.policy, hasProbes: probes)
            try Data(text.utf8).write(to: URL(fileURLWithPath: contract), options: .withoutOverwriting)
        }
        FileHandle.standardOutput.write(Data("\(address)\n".utf8))
        try SystemThread.start { server.run { service.handler() } }
        while !stop.isRaised { usleep(20_000) }
        server.stop()
    }
}
