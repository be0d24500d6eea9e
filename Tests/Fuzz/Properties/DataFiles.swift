import AuthCore
import Backends
import Foundation

@testable import AuthBenchCLI
@testable import AuthGate
@testable import AuthResults
@testable import AuthVerdict

/// A workload that is read is written and read again the same; one that is refused is bad data, no other fault.
func checkWorkload(_ json: [UInt8]) throws {
    let workload: Workload
    do { workload = try WorkloadSource.decode(json, from: "fuzz") } catch let fault as CommandError {
        return try promise(fault.status == ExitStatus.badData, "refused with status \(fault.status)")
    }
    let again = try WorkloadSource.decode(Array(JSONEncoder().encode(workload)), from: "fuzz")
    try promise(again == workload, "read, but written as another workload")
}

/// A table that is read is written and read again the same, and nothing but quoting and separators is dropped.
func checkCSV(_ input: [UInt8]) throws {
    let text = String(decoding: input, as: UTF8.self)
    guard let table = try? CSVTable(text) else { return }
    let again: CSVTable
    do { again = try CSVTable(table.text) } catch { throw BreachError("wrote what cannot be read: \(error)") }
    try promise(sameBytes(again, table), "read, but written as another table")
    let data = ([table.header] + table.rows).joined().flatMap { content($0.utf8) }
    try promise(data == content(text.utf8), "lost or made up data")
}

/// A gate's recording that is taken has a verdict in every format, and the same one again; its hash aside.
func checkRecording(_ input: [UInt8]) throws {
    let lines = input.split(separator: UInt8(ascii: "\n")).compactMap {
        try? JSONDecoder().decode(GateLine.self, from: Data($0))
    }
    guard let recording = try? GateRecording(lines) else { return }
    let report = GateEvaluation(recording).report
    for format in VerdictFormat.allCases {
        let again = try format.text(GateEvaluation(recording).report)
        try promise(try format.text(report) == again, "another verdict the second time")
    }
}

/// A contract that is read asks for nothing that could be a second request or field, and takes no such thing out of an answer.
///
/// The answer follows the contract behind a byte 0.
func checkContract(_ input: [UInt8]) throws {
    let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let contract: Contract
    do {
        contract = try WorkloadSource.decode(Contract.self, Array(parts[0]), from: "fuzz")
    } catch let fault as CommandError {
        return try promise(
            fault.status == ExitStatus.badData && !fault.message.contains(where: \.isNewline),
            "refused with status \(fault.status): \(fault.message)")
    }
    let calls = [contract.login, contract.protected, contract.open, contract.renew, contract.logout]
    for call in (calls + [contract.aged, contract.flawed]).compactMap(\.self) {
        let texts = [call.method, call.path, call.type]
        try promise(
            texts.allSatisfy { $0.utf8.allSatisfy { 0x20...0x7E ~= $0 } } && !call.path.contains(" "),
            "a request that may be two: \(texts)")
    }
    var answer = HTTPMessage(.response)
    answer.take(parts.count > 1 ? Array(parts[1]) : [])
    guard (try? answer.isWhole()) == true else { return }
    for place in [contract.credential, contract.refresh].compactMap(\.self) {
        let text = (try? place.text(in: answer)) ?? []
        try promise(!text.contains { $0 < 0x20 || $0 == 0x7F }, "a credential with the end of a line in it")
    }
}

/// All but what the format itself is made of.
private func content(_ text: some Sequence<UInt8>) -> [UInt8] {
    text.filter { !"\",\r\n".utf8.contains($0) }
}

private func sameBytes(_ one: CSVTable, _ other: CSVTable) -> Bool {
    func bytes(_ table: CSVTable) -> [[[UInt8]]] {
        ([table.header] + table.rows).map { $0.map { Array($0.utf8) } }
    }
    return bytes(one) == bytes(other)
}
