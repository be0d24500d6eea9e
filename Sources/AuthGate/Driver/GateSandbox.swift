import Backends
import Foundation

/// What the programs of one block find: empty folders of their own and a Redis server that nobody has used.
///
/// Fresh for each block, so that what one block leaves in a store is no part of the next.
final class GateSandbox {
    private let root: TemporaryFolder
    var needsRedis: Bool
    private let cleanup: Cleanup
    private var folder: URL?
    private var server: PrivateRedisServer?
    /// Those that the gate may use.
    let processors = ProcessorBinding.allowed()

    init(needsRedis: Bool, cleanup: Cleanup) throws {
        self.needsRedis = needsRedis
        self.cleanup = cleanup
        do { root = try TemporaryFolder() } catch {
            throw GateError.failed("the temporary folder cannot be made: \(error.reason)")
        }
        cleanup.note { [root] in $0.temporary = root }
    }

    func open() throws {
        close()
        let folder = try makeFolder(String(UUID().uuidString.prefix(8)))
        self.folder = folder
        guard needsRedis else { return }
        do {
            server = try PrivateRedisServer(folder: folder)
        } catch { throw GateError.failed("\(error)") }
    }

    /// A folder that stays when blocks end.
    func folderForCounting() throws -> URL {
        try makeFolder("instructions")
    }

    private func makeFolder(_ name: String) throws -> URL {
        do { return try root.makeFolder(name) } catch { throw GateError.failed("\(error)") }
    }

    /// CPU time of the store's process so far; `nil` without one.
    func storeCPU_ns() -> UInt64? { server.flatMap { OtherProcessCPU.used_ns($0.processID) } }

    /// Binds the store.
    func bindStore(to processors: [Int]) {
        if let server { ProcessorBinding.bind(server.processID, to: processors) }
    }

    /// Binds this process.
    func bindDriver(to processors: [Int]) { ProcessorBinding.bind(getpid(), to: processors) }

    func close() {
        // What is started next would inherit the binding.
        ProcessorBinding.bind(getpid(), to: processors)
        server?.stop()
        server = nil
        if let folder { root.removeFolder(folder) }
        folder = nil
    }

    /// Ends everything that the gate has made outside its result.
    func clear() {
        close()
        _ = cleanup.clear()
    }

    func start(_ program: (url: URL, name: String)) throws -> ProgramUnderTest {
        try ProgramUnderTest(program.url, name: program.name, folder: folder ?? root.url)
    }

    func preparation(
        _ cases: [SliceProtocol.Case], _ plan: GatePlan, folder name: String
    ) -> SliceProtocol.Preparation {
        .init(
            cases: cases, clients: plan.clients, population: plan.population, seed: plan.seed,
            sqlite_path: (folder ?? root.url).appendingPathComponent("\(name).sqlite").path,
            redis_url: server?.url, redis_prefix: "authbench:\(name):")
    }
}
