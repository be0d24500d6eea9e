import Backends
import Foundation

/// Counts instructions with Valgrind's Callgrind; base and head at once, because a count does not depend on the load.
///
/// Seen on this code: 3 of 3 runs of each cell agree to the instruction, with fresh random keys in each.
struct InstructionCallgrind: InstructionCounter {
    private let valgrind: URL
    /// Comes before the program: puts its memory at the same addresses each time.
    private let prefix: [String]
    /// What the reader of a report should know of this machine; `nil` when there is nothing to say.
    let remark: String?
    private let folder: URL

    /// Finds the programs.
    ///
    /// - Parameter folder: an empty one for the files of the runs; the caller removes it.
    /// - Throws: `Fault` where one is missing.
    init(folder: URL) throws {
        func find(_ name: String, _ package: String) throws -> URL {
            guard let url = Executable.find(name) else {
                throw Fault.runtime(
                    "counting instructions needs \(name), which is not on the PATH: install the package \(package)"
                        + " (apt-get install \(package))")
            }
            return url
        }
        valgrind = try find("valgrind", "valgrind")
        let setarch = try find("setarch", "util-linux")
        let trial = try InstructionChild(
            [setarch.path, "-R", "true"], named: "setarch", in: folder, numbered: 0)
        // A container may forbid the system call personality(2).
        let isAddressFixed = try trial.finish().status == 0
        remark =
            isAddressFixed ? nil : "the addresses of programs are random here: counts may differ a little"
        prefix = isAddressFixed ? [setarch.path, "-R"] : []
        self.folder = folder
    }

    func cells(of program: URL) throws -> [InstructionAnswer.Cell] {
        let child = try InstructionChild(
            [program.path, "count-instructions"], named: program.path, in: folder, numbered: 0)
        guard try child.finish().status != ExitStatus.usage else {
            throw Fault.runtime(
                "\(program.path) cannot count instructions: was it built before authbench could?")
        }
        return try child.answer(InstructionAnswer.Cells.self).cells
    }

    func instructions(
        _ cell: String, _ operations: Int, base: URL, head: URL
    ) throws -> (base: UInt64, head: UInt64) {
        let before = try start(cell, operations, base, 1)
        let after = try start(cell, operations, head, 2)
        let expected = InstructionAnswer.Done(cell: cell, operations: operations)
        let counts = try [before, after].map { child in
            guard try child.answer(InstructionAnswer.Done.self) == expected else {
                throw Fault.runtime("\(child.name) answered for another cell than \(cell)")
            }
            let text = try? String(contentsOf: child.file("callgrind"), encoding: .utf8)
            guard let total = text.flatMap(InstructionOutput.total) else {
                throw Fault.runtime("Callgrind wrote no total for \(cell) of \(child.name)")
            }
            guard total > 0 else {
                throw Fault.runtime(
                    "Callgrind counted nothing in \(child.name): does the program still have its symbols (no strip)?"
                )
            }
            return total
        }
        return (counts[0], counts[1])
    }

    /// A copy without debugging information, the symbols kept.
    ///
    /// Valgrind 3.19 gives up on the DWARF 5 that Swift's clang writes for C targets ("debuginfo reader: ensure_valid
    /// failed"). Where there is no `strip`, the program is taken as it is.
    private func lightened(_ program: URL, as copy: URL) throws -> URL {
        guard let strip = Executable.find("strip") ?? Executable.find("llvm-strip") else { return program }
        let child = try InstructionChild(
            [strip.path, "--strip-debug", "-o", copy.path, program.path], named: "strip", in: folder,
            numbered: 0)
        return try child.finish().status == 0 ? copy : program
    }

    private func start(
        _ cell: String, _ operations: Int, _ original: URL, _ number: Int
    ) throws -> InstructionChild {
        let files = InstructionChild.Files(folder: folder, number: number)
        let program = try lightened(original, as: files.url("program"))
        return try InstructionChild(
            prefix + [
                valgrind.path, "--tool=callgrind", "--vgdb=no",
                "--toggle-collect=*authbenchCountedOperations*",
                "--callgrind-out-file=\(files.url("callgrind").path)", "--log-file=\(files.url("log").path)",
                program.path, "count-instructions", cell, String(operations),
            ], named: original.path, in: folder, numbered: number)
    }
}
