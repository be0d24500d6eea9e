import AuthBenchParts
import Foundation

/// Sessions in files, one each, as PHP keeps them unless told otherwise: a store of your own.
///
/// `Session<FileSessionStore>` is the strategy; parsing, expiry, touch and scope are authbench's. A file is named by the hash
/// of its session's token. A user's folder has an empty file for each session; `next` leads from the name before a renewal to
/// the one after it.
struct FileSessionStore: SessionStore, ~Copyable {
    static let strategyID = "file-session"
    static let strategyTitle = "session cookie, looked up in a file of its own"
    static let stores: Set<Store> = []

    /// The folder is the run's: it is made anew, and goes with the run's temporary folder.
    static func prepare(in environment: Environment) throws {
        let folder = root(environment)
        try? FileManager.default.removeItem(atPath: folder)
        for name in ["sessions", "users", "next"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
    }

    private static func root(_ environment: Environment) -> String { environment.sqlite.path + ".files" }

    private let folder: String
    private(set) var data: SessionData
    private(set) var touchFailures = 0
    private var number = 0

    init(in environment: Environment, sharing _: Void) {
        folder = Self.root(environment)
        data = SessionData(count: environment.policy.session_bytes)
    }

    // Nobody is waited for but the system.
    var commandsSent: Int { 0 }
    var roundTrips: Int { 0 }

    private func file(_ name: String) -> String { "\(folder)/sessions/\(name)" }
    private func mark(_ name: String, of subject: Subject) -> String {
        "\(folder)/users/\(subject.id)/\(name)"
    }
    private func next(_ name: String) -> String { "\(folder)/next/\(name)" }

    mutating func read(
        _ id: SessionID, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        guard let found = try content(of: id.hex) else { return nil }
        if data.count > 0 { data.take(found.data.span) }
        return (found.record, scope.isGranted(by: found.scope.span))
    }

    mutating func save(_ record: SessionRecord, as id: SessionID, scope: [UInt8]) throws {
        let user = "\(folder)/users/\(record.subject.id)"
        // There already, for all but a user's first session.
        _ = mkdir(user, 0o700)
        try write(FileContent(record: record, data: data.make(for: record.subject), scope: scope), to: id.hex)
        close(try opened(mark(id.hex, of: record.subject), O_WRONLY | O_CREAT))
    }

    mutating func saveAll(_ sessions: [(id: SessionID, record: SessionRecord)], scope: [UInt8]) throws {
        for (id, record) in sessions { try save(record, as: id, scope: scope) }
    }

    /// Writes over what is there, and only there: a file that has been deleted is not made anew.
    mutating func touch(_ id: SessionID, _ record: SessionRecord) {
        let descriptor = open(file(id.hex), O_RDWR)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let times = FileContent.times(record)
        if pwrite(descriptor, times, times.count, FileContent.times_start) != times.count {
            touchFailures += 1
        }
    }

    /// Renaming is the step that one of two at once does not get to do.
    mutating func rotate(_ old: SessionID, to new: SessionID, _ record: SessionRecord) throws -> Bool {
        touch(old, record)
        guard rename(file(old.hex), file(new.hex)) == 0 else {
            guard errno == ENOENT else { throw FileStoreError("renamed") }
            return false
        }
        _ = rename(mark(old.hex, of: record.subject), mark(new.hex, of: record.subject))
        _ = symlink(new.hex, next(old.hex))
        return true
    }

    mutating func remove(_ id: SessionID) throws {
        let name = id.hex
        if let subject = try content(of: name)?.record.subject { try forget(name, of: subject) }
        guard let later = try? FileManager.default.destinationOfSymbolicLink(atPath: next(name)) else {
            return
        }
        if let subject = try content(of: later)?.record.subject { try forget(later, of: subject) }
        unlink(next(name))
    }

    mutating func removeAll(of subject: Subject, but kept: SessionID?, at now: Instant) throws {
        for name in names(of: subject) where name != kept?.hex { try forget(name, of: subject) }
    }

    mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        try names(of: subject).compactMap { name in
            guard let record = try content(of: name)?.record, !record.isExpired(at: now) else { return nil }
            return record.summary
        }
    }

    mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        for name in names(of: subject) {
            guard var found = try content(of: name) else { continue }
            found.scope = scope
            try write(found, to: name)
        }
    }

    mutating func usedBytes() throws -> UInt64? { nil }

    // MARK: Files

    private func names(of subject: Subject) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/users/\(subject.id)")) ?? []
    }

    private func forget(_ name: String, of subject: Subject) throws {
        guard unlink(file(name)) == 0 || errno == ENOENT else { throw FileStoreError("deleted") }
        unlink(mark(name, of: subject))
    }

    private func content(of name: String) throws -> FileContent? {
        let descriptor = open(file(name), O_RDONLY)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw FileStoreError("opened") }
            return nil
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0, let content = FileContent(bytes.prefix(count), data_bytes: data.count) else {
            throw FileStoreError("read")
        }
        return content
    }

    /// Writes aside and renames, so that nobody reads half of it.
    private mutating func write(_ content: FileContent, to name: String) throws {
        number += 1
        let aside = "\(file(name)).\(number)"
        let descriptor = try opened(aside, O_WRONLY | O_CREAT | O_TRUNC)
        let bytes = content.bytes
        let count = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard count == bytes.count, rename(aside, file(name)) == 0 else { throw FileStoreError("written") }
    }

    private func opened(_ path: String, _ flags: Int32) throws -> Int32 {
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw FileStoreError("made") }
        return descriptor
    }
}

/// What a file holds: five numbers of 8 bytes, what the application keeps, and the scope.
private struct FileContent {
    static let times_start = 16
    var record: SessionRecord
    var data: [UInt8]
    var scope: [UInt8]

    init(record: SessionRecord, data: [UInt8], scope: [UInt8]) {
        (self.record, self.data, self.scope) = (record, data, scope)
    }

    init?(_ bytes: ArraySlice<UInt8>, data_bytes: Int) {
        guard bytes.count >= 40 + data_bytes else { return nil }
        let numbers = (0..<5).map { place in
            bytes[(8 * place)..<(8 * place + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let times = numbers.map { Instant(milliseconds: Int64(bitPattern: $0)) }
        record = SessionRecord(
            subject: Subject(id: numbers[0]), createdAt: times[1], lastSeen: times[2], idleExpiry: times[3],
            absoluteExpiry: times[4])
        data = Array(bytes[40..<(40 + data_bytes)])
        scope = Array(bytes[(40 + data_bytes)...])
    }

    /// What a touch changes.
    static func times(_ record: SessionRecord) -> [UInt8] {
        [record.lastSeen, record.idleExpiry].flatMap { encoded(UInt64(bitPattern: $0.milliseconds)) }
    }

    var bytes: [UInt8] {
        Self.encoded(record.subject.id) + Self.encoded(UInt64(bitPattern: record.createdAt.milliseconds))
            + Self.times(record) + Self.encoded(UInt64(bitPattern: record.absoluteExpiry.milliseconds)) + data
            + scope
    }

    private static func encoded(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }
}

/// The disk is at fault, not who asked for a session.
private struct FileStoreError: StoreOutageError, CustomStringConvertible {
    let description: String

    init(_ what: String) {
        description = "a session's file could not be \(what): \(String(cString: strerror(errno)))"
    }
}

extension SessionID {
    /// As a file's name.
    fileprivate var hex: String {
        let digits = Array("0123456789abcdef")
        return String(indices.flatMap { [digits[Int(self[$0] >> 4)], digits[Int(self[$0] & 15)]] })
    }
}
