import Backends
import Foundation
import Testing

@Suite("What the libraries say of themselves")
struct LibraryFactsTests {
    @Test("lists SQLite's compile options, its threading mode among them")
    func compileOptions() {
        let options = SQLiteVersion.compileOptions
        #expect(options.contains { $0.hasPrefix("THREADSAFE=") }, "\(options)")
        #expect(Set(options).count == options.count)
    }

    @Test("reads back the pragmas it has set", arguments: ["normal", "full"])
    func pragmas(synchronous: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.url.appendingPathComponent("a.sqlite").path
        let connection = try SQLitePragmas.connect(
            path: path, synchronous: synchronous, mmap_bytes: 1 << 20, logLimit_bytes: 1 << 22)
        try connection.execute("PRAGMA cache_size = -123")
        let pragmas = try SQLitePragmas(of: connection)
        #expect(pragmas.journal_mode == "wal")
        #expect(pragmas.synchronous == synchronous)
        #expect(pragmas.cache_size == -123)
        #expect(pragmas.page_size >= 512)
        #expect(pragmas.mmap_size == 1 << 20)
        #expect(pragmas.journal_size_limit == 1 << 22)
        #expect(pragmas.wal_autocheckpoint == 1000)
    }

    @Test("gives OpenSSL's view of the CPU without its heading")
    func cpu() {
        #expect(OpenSSLVersion.running.hasPrefix("OpenSSL "))
        #expect(OpenSSLVersion.cpuCapabilities?.hasPrefix("CPUINFO") != true)
        #if arch(x86_64)
            #expect(OpenSSLVersion.cpuCapabilities?.hasPrefix("OPENSSL_ia32cap=") == true)
        #endif
    }

    @Test("knows the version of hiredis as three numbers")
    func hiredis() {
        #expect(HiredisVersion.compiled.split(separator: ".").compactMap { Int($0) }.count == 3)
    }
}
