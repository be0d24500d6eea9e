import AuthCore
import AuthResults

/// What each experiment of a sweep runs.
struct SweepPlan {
    /// The words of `run` that all experiments share: those of the sweep without what is its own.
    private let words: [String]
    private let quantity: SweepTable.Quantity
    private let strategies: [StrategyChoice]

    /// - Parameters:
    ///   - options: the command line of the sweep.
    ///   - quantity: what is varied, which the command line must leave open.
    ///   - strategies: those that are measured.
    /// - Throws: `CommandError` where a strategy or an option stands against that.
    init(
        _ options: [String], _ quantity: SweepTable.Quantity, _ strategies: [StrategyChoice]
    ) throws(CommandError) {
        (self.quantity, self.strategies) = (quantity, strategies)
        let own = quantity.option
        if let own, options.contains(where: { $0 == own || $0.hasPrefix(own + "=") }) {
            throw CommandError.usage("\(own) and --over \(quantity.rawValue) exclude each other: give one")
        }
        var words = Self.without(["--objective"], Self.withoutValues(options))
        if let parameter = quantity.parameter {
            words = Self.without(["--strategy"], words)
            for strategy in strategies {
                guard strategy.takes(parameter), strategy.parameters[parameter] == nil else {
                    let what =
                        strategy.takes(parameter) ? "sets @\(parameter) itself" : "has no @\(parameter)"
                    throw CommandError.usage(
                        "--over \(quantity.rawValue): \(strategy.descriptor.id) \(what): name strategies that leave it open, which authbench list shows"
                    )
                }
            }
        }
        self.words = words
    }

    /// The experiment at one value.
    ///
    /// - Parameters:
    ///   - point: the value.
    ///   - claims: the file of so many bytes of claims, where these are varied.
    /// - Returns: a run of all strategies.
    func experiment(_ point: SweepTable.Point, claims: String?) -> Experiment {
        var arguments = ["run"] + words
        if let parameter = quantity.parameter {
            arguments += strategies.flatMap {
                ["--strategy", $0.identifier(setting: parameter, to: point.text)]
            }
        } else if let claims {
            arguments += ["--claims", claims]
        } else if let option = quantity.option, quantity != .payload {
            arguments += [option, point.text]
        }
        return Experiment("\(quantity.rawValue)-\(point.text.safeName)", arguments, at: point)
    }

    /// One probe of a search for a capacity: the strategy beside the baseline, once, at one rate.
    func probe(
        _ strategy: String, beside baseline: String, number: Int, _ point: SweepTable.Point,
        duration_s: Double
    ) -> Experiment {
        let shared = Self.without(["--strategy", "--duration", "--repeats"], words)
        let arguments =
            ["run"] + shared + [
                "--strategy", strategy, "--strategy", baseline, "--rate", point.text, "--repeats", "1",
                "--duration", SweepValues.number(duration_s),
            ]
        return Experiment("\(strategy.safeName)-\(number)-\(point.text.safeName)", arguments, at: point)
    }

    /// Words without some options and their values.
    static func without(_ options: Set<String>, _ words: [String]) -> [String] {
        var (rest, isValue) = ([String](), false)
        for word in words {
            if isValue {
                isValue = false
            } else if options.contains(word) {
                isValue = true
            } else if !options.contains(where: { word.hasPrefix($0 + "=") }) {
                rest.append(word)
            }
        }
        return rest
    }

    /// Words without `--over` and all that belongs to it.
    private static func withoutValues(_ words: [String]) -> [String] {
        var (rest, isOver) = ([String](), false)
        for word in words {
            if word.hasPrefix("-") { isOver = word == "--over" }
            if !isOver { rest.append(word) }
        }
        return rest
    }
}

extension SweepTable.Quantity {
    /// The parameter of the strategies that has the value; `nil` where it is an option of `run`.
    var parameter: String? {
        switch self {
        case .cache: "cache"
        case .accessLifetime: "access"
        case .rate, .clients, .population, .payload, .storeRTT: nil
        }
    }

    /// The option of `run` that has the value.
    var option: String? {
        switch self {
        case .payload: "--claims"
        case .cache, .accessLifetime: nil
        case .rate, .clients, .population, .storeRTT: "--" + rawValue
        }
    }
}

extension String {
    /// As the name of a folder.
    fileprivate var safeName: String {
        String(map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) ? $0 : "-" })
    }
}

/// Claims of an exact size, made up as real tokens have them: a list of roles.
enum PaddedClaims {
    /// Fewer bytes hold no role.
    static let least_bytes = 13

    /// - Parameter bytes: of the members as JSON, without the braces.
    /// - Returns: a JSON object.
    static func json(bytes: Int) -> String {
        var roles: [String] = []
        func length() -> Int {
            "\"roles\":[]".utf8.count + roles.reduce(0) { $0 + $1.utf8.count + 2 } + max(0, roles.count - 1)
        }
        while bytes - length() > 40 { roles.append("tenant-\(100 + roles.count)-editor") }
        let missing = bytes - length() - (roles.isEmpty ? 2 : 3)
        roles.append(String(repeating: "x", count: max(0, missing)))
        return "{\"roles\":[\(roles.map { "\"\($0)\"" }.joined(separator: ","))]}"
    }
}
