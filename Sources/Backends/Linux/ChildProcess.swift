import CAuthBenchLinux
import Foundation
import Synchronization

/// A program that we started: it ends when we end, however that is, and takes with it what it has started.
///
/// It leads a process group of its own, so that a signal from the terminal reaches it through us only.
package final class ChildProcess: Sendable {
    /// How a program ended.
    package enum End: Sendable, Equatable {
        case status(Int32)
        case signal(Int32)
    }

    /// Those that live, with the signal that ends each in order; `nil` once no more may be started.
    private static let living = Mutex<[Int32: Int32]?>([:])

    package let id: Int32
    /// The signal that ends it in order, leaving nothing behind; SIGKILL where nothing needs to be put in order.
    private let farewell: Int32
    private let ended = Mutex<End?>(nil)

    /// Starts a program.
    ///
    /// Call on a thread that lives as long as the program: the kernel ends the child when the thread that started it is
    /// gone (prctl(2), PR_SET_PDEATHSIG).
    ///
    /// - Parameters:
    ///   - program: the file to execute.
    ///   - name: what it is told that it was called by; its path by default.
    ///   - arguments: those after the program's name.
    ///   - environment: its whole environment; ours by default.
    ///   - descriptors: what it gets as 0, 1, 2 and so on, at most 8; `nil` takes and gives nothing.
    ///   - farewell: the signal that ends it in order.
    /// - Throws: `FileError` when it cannot be started.
    package init(
        _ program: URL, called name: String? = nil, _ arguments: [String],
        environment: [String: String]? = nil,
        descriptors: [FileHandle?] = [nil, nil, nil], farewell: Int32 = SIGKILL
    ) throws(FileError) {
        self.farewell = farewell
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nothing >= 0 else { throw FileError("/dev/null", "cannot be opened", errno) }
        defer { close(nothing) }
        let numbers = descriptors.map { $0?.fileDescriptor ?? nothing }
        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
        // The lock is held meanwhile: who ends all of them finds this one among them.
        id = Self.living.withLock { living in
            guard living != nil else { return -ECANCELED }
            let id = spawned(program.path, [name ?? program.path] + arguments, variables, numbers)
            if id > 0 { living?[id] = farewell }
            return id
        }
        guard id > 0 else { throw FileError(program.path, "cannot be run", -id) }
    }

    deinit { end() }

    package var isRunning: Bool { wait(within_s: 0) == nil }

    /// Waits for the end.
    ///
    /// - Returns: how it ended; `nil` where it has not within that time.
    @discardableResult
    package func wait(within_s limit_s: Double) -> End? {
        let limit = ContinuousClock.now + .seconds(limit_s)
        var pause_us: UInt32 = 200
        while true {
            if let end = collected() { return end }
            guard ContinuousClock.now < limit else { return nil }
            usleep(pause_us)
            pause_us = min(pause_us * 2, 10_000)
        }
    }

    /// Ends the program and what it has started.
    ///
    /// - Parameter patience_s: how long it may take to end by itself.
    /// - Returns: how it ended; `nil` where the kernel does not let it go.
    @discardableResult
    package func end(within_s patience_s: Double = 0) -> End? {
        if let end = wait(within_s: patience_s) { return end }
        if farewell != SIGKILL {
            kill(id, farewell)
            if let end = wait(within_s: Self.farewell_s) { return end }
        }
        kill(-id, SIGKILL)
        return wait(within_s: 5)
    }

    /// How long a program that puts something in order may take for it.
    private static let farewell_s = 5.0

    private func collected() -> End? {
        ended.withLock { ended in
            if ended != nil { return ended }
            guard authbench_has_ended(id) != 0 else { return nil }
            Self.living.withLock { living in
                // As long as its end is not collected, its number is that of its group only.
                kill(-id, SIGKILL)
                var status: Int32 = 0
                while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
                ended = status & 0x7F == 0 ? .status(status >> 8 & 0xFF) : .signal(status & 0x7F)
                living?[id] = nil
            }
            return ended
        }
    }

    /// Ends all programs that we started, and lets no other start.
    ///
    /// Waits until they are gone, for at most a second: a call of the system that a program has begun may still make
    /// a file after the signal.
    package static func endAll() {
        let all = living.withLock { living in
            for (id, farewell) in living ?? [:] {
                if farewell == SIGKILL { kill(-id, SIGKILL) } else { kill(id, farewell) }
            }
            defer { living = nil }
            return Array((living ?? [:]).keys)
        }
        let limit = ContinuousClock.now + .seconds(1)
        while ContinuousClock.now < limit, all.contains(where: { authbench_has_ended($0) == 0 }) {
            usleep(1000)
        }
        for id in all where authbench_has_ended(id) == 0 { kill(-id, SIGKILL) }
    }
}

private func spawned(
    _ path: String, _ arguments: [String], _ variables: [String], _ descriptors: [Int32]
) -> Int32 {
    unsafe withCStrings(arguments) { arguments in
        unsafe withCStrings(variables) { variables in
            unsafe descriptors.withUnsafeBufferPointer { descriptors in
                unsafe authbench_spawn(
                    path, arguments, variables, descriptors.baseAddress, Int32(descriptors.count))
            }
        }
    }
}

@unsafe private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let copies = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(
        capacity: strings.count + 1)
    unsafe copies.initialize(repeating: nil)
    for (index, string) in strings.enumerated() { unsafe copies[index] = strdup(string) }
    defer {
        for index in strings.indices { unsafe free(copies[index]) }
        unsafe copies.deallocate()
    }
    guard let base = copies.baseAddress else { preconditionFailure("there is at least the end") }
    return unsafe body(UnsafePointer(base))
}

/// A program that leads a process group, with all that it has started, as the kernel has them at this moment.
///
/// Its number must not have been given to another program: ask as long as the end of the program was not collected.
package struct ProcessGroup: Sendable {
    private let leader: Int32

    package init(of leader: Int32) { self.leader = leader }

    /// The living ones: the group, and what these have started, which may have groups of their own.
    package func members() -> [Int32] {
        var parents: [Int32: Int32] = [:]
        var found: Set<Int32> = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = Int32(name), let (parent, group) = Self.relations(of: id) else { continue }
            parents[id] = parent
            if group == leader { found.insert(id) }
        }
        var known = 0
        while known < found.count {
            known = found.count
            for (id, parent) in parents where found.contains(parent) { found.insert(id) }
        }
        return found.sorted()
    }

    /// The parent and the group of a living process (proc_pid_stat(5)).
    private static func relations(of id: Int32) -> (parent: Int32, group: Int32)? {
        // The name stands in brackets and may have some itself.
        guard let text = SystemFile.text("/proc/\(id)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: end)...].split(separator: " ", maxSplits: 3)
        guard fields.count > 3, !["Z", "X"].contains(fields[0]), let parent = Int32(fields[1]),
            let group = Int32(fields[2])
        else { return nil }
        return (parent, group)
    }

    package func signal(_ number: Int32) { for id in members() { kill(id, number) } }

    /// Whether all have ended within a time.
    package func hasEnded(within_s patience_s: Double) -> Bool {
        let limit = ContinuousClock.now + .seconds(patience_s)
        while !members().isEmpty {
            guard ContinuousClock.now < limit else { return false }
            usleep(5000)
        }
        return true
    }
}

/// Programs of the system.
package enum Executable {
    /// Where a program stands in the folders of the `PATH`; `nil` where it stands in none.
    package static func find(_ name: String) -> URL? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy
            .map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}

/// What a program that ended had to say about it.
package enum LastWords {
    /// How runtimes and the C library begin what they say of a crash.
    private static let beginnings = [
        "Fatal error", "Program crashed", "terminate called", "Assertion", "AddressSanitizer", "*** ",
    ]

    /// The line that names the reason: of a crash its first, because a backtrace follows it, else the last.
    ///
    /// - Parameter file: its standard error, of which the end is read.
    /// - Returns: a line without the control characters that a terminal would obey; `nil` when there is none.
    package static func reason(in file: URL) -> String? {
        guard let handle = try? FileHandle(forReadingFrom: file), let end = try? handle.seekToEnd() else {
            return nil
        }
        try? handle.seek(toOffset: end > 1 << 18 ? end - 1 << 18 : 0)
        guard let data = try? handle.readToEnd() else { return nil }
        return reason(in: String(decoding: data, as: UTF8.self))
    }

    package static func reason(in text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        let crash = lines.first { line in beginnings.contains { line.contains($0) } }
        return (crash ?? lines.last).map { line in
            String(
                String.UnicodeScalarView(
                    line.unicodeScalars.filter { $0.properties.generalCategory != .control }))
        }
    }
}
