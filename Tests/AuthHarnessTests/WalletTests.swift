import AuthCore
import Testing

@testable import AuthHarness

@Suite("Wallet")
struct WalletTests {
    private func credential(_ length: Int, _ fill: UInt8) -> Credential {
        Credential(headerLine: Array(repeating: fill, count: length), refreshToken: [fill])
    }

    @Test("gives back what was put in, also after a longer line moved the others apart")
    func roundTrip() {
        var wallet = Wallet()
        let lengths = [16, 3, 0, 17, 400, 32, 401]
        for (slot, length) in lengths.enumerated() {
            wallet.append(credential(length, UInt8(slot)), of: Subject(id: UInt64(slot)))
        }
        wallet.replace(1, by: credential(999, 77))
        wallet.replace(4, by: credential(2, 78))
        for (slot, length) in lengths.enumerated() where slot != 1 && slot != 4 {
            #expect(wallet.credential(slot).headerLine == Array(repeating: UInt8(slot), count: length))
            #expect(wallet.credential(slot).refreshToken == [UInt8(slot)])
        }
        #expect(wallet.credential(1).headerLine == Array(repeating: 77, count: 999))
        #expect(wallet.credential(4).headerLine == [78, 78])
        #expect(wallet.subjects.map(\.id) == Array(0..<7))
        #expect(Array(wallet.bytes[wallet.range(4)]) == [78, 78])
    }

    @Test("knows again what the store holds once a credential was issued")
    func certainty() {
        var wallet = Wallet()
        wallet.append(credential(4, 1), of: Subject(id: 1))
        wallet.isUncertain[0] = true
        wallet.replace(0, by: credential(4, 2))
        #expect(!wallet.isUncertain[0])
    }
}
