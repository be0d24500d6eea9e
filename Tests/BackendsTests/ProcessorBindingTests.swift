import Backends
import Foundation
import Testing

@Suite("Processor binding")
struct ProcessorBindingTests {
    /// The processors that the kernel allows each thread of a process.
    private func allowed(_ process: Int32) throws -> Set<String> {
        let tasks = "/proc/\(process)/task"
        return Set(
            try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap { thread in
                SystemFile.text("\(tasks)/\(thread)/status")?.split(separator: "\n")
                    .first { $0.hasPrefix("Cpus_allowed_list:") }
                    .map { $0.dropFirst("Cpus_allowed_list:".count).trimmingCharacters(in: .whitespaces) }
            })
    }

    @Test("binds every thread of another process, and lets it free again")
    func another() throws {
        let all = ProcessorBinding.allowed()
        let last = try #require(all.last)
        let process = try ChildProcess(URL(fileURLWithPath: "/bin/sleep"), ["1000"])
        defer { process.end() }
        #expect(ProcessorBinding.bind(process.id, to: [last]))
        #expect(try allowed(process.id) == ["\(last)"])
        #expect(ProcessorBinding.bind(process.id, to: all))
        let free = try allowed(process.id)
        #expect(free.count == 1 && free.first.flatMap { CPUList.members($0) } == all)
    }

    @Test("says so when there is no such process or processor")
    func none() {
        #expect(!ProcessorBinding.bind(-1, to: [0]))
        #expect(!ProcessorBinding.bind(getpid(), to: []))
    }

    @Test("lists the processors of a range and of single ones")
    func list() {
        #expect(CPUList.members("0-2,8") == [0, 1, 2, 8])
        #expect(CPUList.members("3-1") == nil)
        #expect(CPUList.members("0-99999999999") == nil)
    }
}
