import ArgumentParser
import AuthCore
import AuthGate
import Backends

/// Holds the arguments by which a gate compares two versions of a server over HTTP.
struct GateTargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Compares servers over HTTP: --base and --head are shell commands that start one, which listens at the port in PORT. Write {{port}} where the port belongs: [NAME=]http://127.0.0.1:{{port}}.",
            valueName: "address"))
    var target: String?

    @Option(
        help: ArgumentHelp(
            "How the servers are asked: a file as authbench contract --example prints.", valueName: "file"))
    var contract: String?

    @Option(
        help: ArgumentHelp(
            "The path that a server answers as soon as it is ready (default: the open route of the contract, or else any answer).",
            valueName: "path"))
    var health: String?

    /// Checks what is asked for.
    ///
    /// - Parameters:
    ///   - base: the command of the base.
    ///   - head: that of the head.
    /// - Returns: `nil` where no server is compared.
    /// - Throws: `CommandError` for what cannot be asked.
    func resolved(base: String, head: String) throws -> GateTarget? {
        guard let target else {
            guard contract == nil, health == nil else {
                throw CommandError.usage("--contract and --health are for a --target: name one")
            }
            return nil
        }
        let place = GateTarget.portPlace
        // Any port will do for a look at the rest.
        let (name, url) = try TargetOptions.named(target.replacing(place, with: "1"), number: 1)
        guard target.contains(place), HTTPAddress(url: url)?.port == 1 else {
            throw CommandError.usage(
                "--target \(target.printable): write \(place) in the place of the port, as in http://127.0.0.1:\(place)"
            )
        }
        guard target.contains("http://") else {
            throw CommandError.usage(
                "--target \(target.printable): a gate asks over http:// only, because what differs is behind TLS"
            )
        }
        for (option, command) in [("--base", base), ("--head", head)]
        where command.allSatisfy(\.isWhitespace) {
            throw CommandError.usage("\(option) is empty: give the command that starts the server")
        }
        let contract = try self.contract.map(TargetOptions.contract) ?? Contract(json: ServedContract.bearer)
        let health = health ?? contract.open?.path ?? contract.protected.path
        guard health.hasPrefix("/"), health.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw CommandError.usage("--health is \(health.printable): begin it with /, without spaces")
        }
        return GateTarget(
            base: base, head: head, name: name,
            url: target.hasPrefix("\(name)=") ? String(target.dropFirst(name.count + 1)) : target,
            contract: contract.text, health: health,
            healthMeansSuccess: self.health != nil || contract.open != nil)
    }
}

extension Contract {
    /// The operations of a gate that a server with it has.
    var gateOperations: [GateOperation] {
        GateOperation.all.filter { operation in
            switch operation.kind {
            case .renew: renew != nil
            case .logout: logout != nil
            case .expired: aged != nil
            default: true
            }
        }
    }
}
