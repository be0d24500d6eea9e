import AuthCore
import AuthReport

extension Session.Outcome {
    /// What is worth knowing of valid rows, once for each strategy.
    var remarks: [String] {
        var seen: Set<String> = []
        return assessments.map(\.measurement).filter {
            $0.helperThreads != nil && seen.insert($0.strategy).inserted
        }
        .compactMap(\.helperThreads)
    }

    /// Turns what went wrong into the exit status, after everything has been shown.
    ///
    /// A wrong decision outweighs whatever else happened, and what kept the run from its end outweighs a
    /// measurement that must not be used.
    func check(_ lines: [Summary]) throws {
        func faults(_ kind: Invalidity.Kind) -> String? {
            let all = lines.flatMap { line in
                line.invalid.filter { $0.fault.kind == kind }.map { one in
                    "\(line.strategy), repeat \(one.repeatIndex): \(one.fault.reason)"
                }
            }
            guard let first = all.first else { return nil }
            return all.count == 1 ? first : "\(first); and \(all.count - 1) more"
        }
        if let wrong = faults(.wrongDecision) {
            if let failure { Console.complain(failure) }
            throw Fault(
                status: ExitStatus.negative, message: "wrong decisions, such numbers mean nothing: \(wrong)")
        }
        if let failure { throw Fault.runtime(failure) }
        if let signal {
            let rest = folder == nil ? "nothing was finished" : "what was finished is in the files"
            throw Fault(status: ExitStatus.signal(signal), message: "stopped by a signal; \(rest)")
        }
        if let failing = faults(.error) { throw Fault.runtime(failing) }
        if let empty = faults(.nothingMeasured) {
            throw Fault(status: ExitStatus.nothingMeasured, message: "\(empty): measure longer")
        }
        if let disturbed = faults(.disturbed) {
            throw Fault(status: ExitStatus.notValid, message: "not valid: \(disturbed)")
        }
    }
}
