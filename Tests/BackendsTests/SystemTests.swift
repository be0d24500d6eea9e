import Glibc
import Testing

@testable import Backends

@Suite("System files")
struct SystemTests {
    @Test("reads the first processor of an x86 machine, and keeps the flags that matter to cryptography")
    func x86() {
        let cpu = CPUInformation(
            """
            processor\t: 0
            vendor_id\t: AuthenticAMD
            model name\t: AMD EPYC 7763 64-Core Processor
            cpu MHz\t\t: 2445.404
            flags\t\t: fpu sse sse2 pclmulqdq ssse3 aes avx avx2 hypervisor sha_ni vaes
            bugs\t\t: sysret_ss_attrs

            processor\t: 1
            model name\t: another
            cpu MHz\t\t: 1.0
            power management:
            """)
        #expect(cpu.model == "AMD EPYC 7763 64-Core Processor")
        #expect(cpu.clock_MHz == 2445.404)
        #expect(cpu.cryptoFlags == ["aes", "avx", "avx2", "pclmulqdq", "sha_ni", "ssse3", "vaes"])
        #expect(cpu.hasHypervisor == true)
        #expect(CPUInformation("flags\t: fpu aes").hasHypervisor == false)
    }

    @Test("a reserved port can be listened at, and is not reserved a second time")
    func reservedPorts() throws {
        let ports = try (0..<300).map { _ in try #require(ReservedPort()) }
        #expect(Set(ports.map(\.number)).count == ports.count)
        for port in ports {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            #expect(LoopbackPort.bind(socket, to: port.number) == 0 && listen(socket, 1) == 0)
        }
    }

    @Test("reads an ARM machine, which tells numbers for a name, and neither clock nor hypervisor")
    func arm() {
        let cpu = CPUInformation(
            """
            processor\t: 0
            BogoMIPS\t: 243.75
            Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics sha3 sha512 sve
            CPU implementer\t: 0x41
            CPU architecture: 8
            CPU variant\t: 0x1
            CPU part\t: 0xd40
            CPU revision\t: 1
            """)
        #expect(cpu.model == "ARM implementer 0x41, part 0xd40")
        #expect(cpu.cryptoFlags == ["aes", "asimd", "pmull", "sha1", "sha2", "sha3", "sha512", "sve"])
        #expect(cpu.clock_MHz == nil)
        #expect(cpu.hasHypervisor == nil)
    }

    @Test("makes nothing up where /proc/cpuinfo is empty")
    func emptyCPU() {
        let cpu = CPUInformation("")
        #expect(cpu.model == nil && cpu.cryptoFlags == nil && cpu.hasHypervisor == nil)
    }

    @Test("counts the processors of a list", arguments: [("0", 1), ("0-1", 2), ("0-3,8,10-11", 7)])
    func processors(list: String, count: Int) {
        #expect(CPUList.count(list) == count)
    }

    @Test("refuses what is no list of processors", arguments: ["", "a", "3-1", "1-2-3", "-", "0,x"])
    func noProcessors(list: String) {
        #expect(CPUList.count(list) == nil)
    }

    @Test("reads the three load averages")
    func load() throws {
        let load = try #require(LoadAverage("2.56 1.44 1.03 4/86 22027\n"))
        #expect(load.oneMinute == 2.56 && load.fiveMinutes == 1.44 && load.fifteenMinutes == 1.03)
        #expect(LoadAverage("") == nil)
        #expect(LoadAverage("0.1 0.2") == nil)
    }

    @Test("reads the distribution's name as a shell would")
    func distribution() {
        let debian = """
            PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
            NAME="Debian GNU/Linux"
            ID=debian
            """
        #expect(OSRelease.prettyName(debian) == "Debian GNU/Linux 12 (bookworm)")
        #expect(OSRelease.prettyName("ID=x\nPRETTY_NAME='Arch Linux'") == "Arch Linux")
        #expect(OSRelease.prettyName("PRETTY_NAME=Plain") == "Plain")
        #expect(OSRelease.prettyName(#"PRETTY_NAME="a \"b\" \\ c""#) == #"a "b" \ c"#)
        #expect(OSRelease.prettyName("NAME=x\nPRETTY_NAME=\"\"") == nil)
    }

    @Test("takes a file that cannot be read for one that says nothing")
    func unreadable() throws {
        #expect(SystemFile.text("/nowhere/at/all") == nil)
        #expect(SystemFile.line("/proc/sys/kernel/ostype") == "Linux")
        // The mappings of a program fill several portions, each of a page at most.
        let maps = try #require(SystemFile.text("/proc/self/maps"))
        #expect(maps.utf8.count > 8192 && maps.contains("[stack]"))
    }
}
