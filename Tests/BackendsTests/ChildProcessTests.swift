import Backends
import Foundation
import Synchronization
import Testing

@Suite("Child processes")
struct ChildProcessTests {
    private func shell(_ text: String) throws -> ChildProcess {
        try ChildProcess(URL(fileURLWithPath: "/bin/sh"), ["-c", text])
    }

    /// What a program prints, and its whole output.
    private func output(_ text: String, environment: [String: String]? = nil) throws -> String {
        let pipe = Pipe()
        let process = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"), ["-c", text], environment: environment,
            descriptors: [nil, pipe.fileHandleForWriting, nil])
        try pipe.fileHandleForWriting.close()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        #expect(process.end(within_s: 10) == .status(0))
        return String(decoding: data, as: UTF8.self)
    }

    @Test("tell their status or their signal, again and again")
    func ends() throws {
        let ended = try shell("exit 7")
        #expect(ended.wait(within_s: 10) == .status(7))
        #expect(ended.wait(within_s: 0) == .status(7))
        #expect(!ended.isRunning)
        #expect(try shell("kill -9 $$").wait(within_s: 10) == .signal(SIGKILL))
    }

    @Test("a program that cannot be run is one error, with its path")
    func missing() {
        let error = #expect(throws: FileError.self) {
            _ = try ChildProcess(URL(fileURLWithPath: "/nowhere/program"), [])
        }
        #expect(error?.number == ENOENT)
        #expect(error.map { "\($0)".contains("/nowhere/program") } == true)
    }

    @Test("get the descriptors they are given in any order, the environment, and nothing else")
    func descriptors() throws {
        let text = try output(
            "echo $SOME; ls /proc/self/fd | wc -l", environment: ["SOME": "thing", "PATH": "/bin:/usr/bin"])
        // 0, 1, 2 and the folder that ls itself reads.
        #expect(
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } == ["thing", "4"])
        let (first, second) = (Pipe(), Pipe())
        let swapped = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"), ["-c", "echo one; echo two >&3"],
            descriptors: [nil, second.fileHandleForWriting, nil, first.fileHandleForWriting])
        for pipe in [first, second] { try pipe.fileHandleForWriting.close() }
        #expect(first.fileHandleForReading.readDataToEndOfFile() == Data("two\n".utf8))
        #expect(second.fileHandleForReading.readDataToEndOfFile() == Data("one\n".utf8))
        #expect(swapped.wait(within_s: 10) == .status(0))
    }

    @Test("a command that was given up does no more when it wakes: another thread clears up")
    func givenUp() throws {
        let cleanup = Cleanup()
        let seen = Mutex((awake: 0, goneOn: 0, marked: 0))
        cleanup.note { $0.markInterrupted = { seen.withLock { $0.marked += 1 } } }
        func command(_ last: @escaping @Sendable () -> Void) {
            Thread {
                seen.withLock { $0.awake += 1 }
                last()
                seen.withLock { $0.goneOn += 1 }
            }.start()
        }
        _ = cleanup.abandon {
            command { cleanup.note { $0.markInterrupted = nil } }
            command { _ = cleanup.clear() }
            while seen.withLock({ $0.awake }) < 2 { usleep(1000) }
            usleep(20_000)
        }
        #expect(seen.withLock { $0.marked } == 1)
        #expect(seen.withLock { $0.goneOn } == 0)
    }

    @Test("one that hangs and ignores signals is ended, with what it has started behind a shell")
    func group() throws {
        let pipe = Pipe()
        let process = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "trap '' TERM INT HUP; sleep 1000 & echo $!; wait; wait"],
            descriptors: [nil, pipe.fileHandleForWriting, nil])
        try pipe.fileHandleForWriting.close()
        let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        let grandchild = try #require(Int32(line.trimmingCharacters(in: .newlines)))
        #expect(process.end(within_s: 0.05) == .signal(SIGKILL))
        // The pipe ends when nobody has it any more.
        #expect(pipe.fileHandleForReading.readDataToEndOfFile().isEmpty)
        #expect(isGone(grandchild))
    }

    @Test("what a program has left behind goes with it")
    func leftBehind() throws {
        let pipe = Pipe()
        let process = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"), ["-c", "sleep 1000 & echo $!"],
            descriptors: [nil, pipe.fileHandleForWriting, nil])
        try pipe.fileHandleForWriting.close()
        let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        #expect(process.wait(within_s: 10) == .status(0))
        #expect(isGone(try #require(Int32(line.trimmingCharacters(in: .newlines)))))
    }

    @Test("go when the thread that started them is gone, as when we are killed")
    func orphan() throws {
        let started = DispatchSemaphore(value: 0)
        let process = Mutex<ChildProcess?>(nil)
        try SystemThread.start {
            let child = try? ChildProcess(URL(fileURLWithPath: "/bin/sleep"), ["1000"])
            process.withLock { $0 = child }
            started.signal()
        }
        started.wait()
        let child = try #require(process.withLock { $0 })
        #expect(child.wait(within_s: 10) == .signal(SIGKILL))
    }

    @Test("what a program has started is known, in whatever group, with its CPU time, and can be ended")
    func descendants() throws {
        let pipe = Pipe()
        let process = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"),
            [
                "-c",
                "setsid sleep 1000 & (i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo; exec sleep 1000) & wait",
            ],
            descriptors: [nil, pipe.fileHandleForWriting, nil])
        _ = try pipe.fileHandleForReading.read(upToCount: 1)
        let group = ProcessGroup(of: process.id)
        let members = group.members()
        #expect(members.count == 3 && members.contains(process.id))
        let used_ns = OtherProcessCPU.eachUsed_ns(members)
        #expect(used_ns.count == 3)
        #expect(used_ns.values.contains { $0 > 1_000_000 }, "\(used_ns)")
        #expect(!group.hasEnded(within_s: 0))
        group.signal(SIGTERM)
        #expect(group.hasEnded(within_s: 10))
        #expect(process.end() == .signal(SIGTERM))
    }

    @Test("CPU time of a process has that of the threads that have ended")
    func endedThreads() throws {
        let before_ns = OtherProcessCPU.eachUsed_ns([getpid()])[getpid()] ?? 0
        let done = DispatchSemaphore(value: 0)
        try SystemThread.start {
            let end_ns = ProcessCPU.usedByThread_ns() + 20_000_000
            while ProcessCPU.usedByThread_ns() < end_ns {}
            done.signal()
        }
        done.wait()
        let after_ns = OtherProcessCPU.eachUsed_ns([getpid()])[getpid()] ?? 0
        #expect(after_ns - before_ns >= 20_000_000)
    }

    private func isGone(_ process: Int32) -> Bool {
        for _ in 0..<1000 {
            guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
                !text.contains(") Z ")
            else { return true }
            usleep(5000)
        }
        return false
    }
}

@Suite("Threads")
struct SystemThreadTests {
    @Test("as many as are needed are tried at once, and let go again")
    func enough() throws {
        try SystemThread.require(100)
        try SystemThread.require(100)
    }

    @Test("an error says how many there can be, and where to look")
    func words() {
        let text = ThreadError(number: EAGAIN, most: 3, wanted: 12).description
        #expect(text.hasPrefix("12 threads are needed and the system gives 3 ("))
        #expect(text.contains("pids.max"))
    }
}
