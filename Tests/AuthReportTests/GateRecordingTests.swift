import Testing

@testable import AuthReport

@Suite("Gate recording")
struct GateRecordingTests {
    private func fault(_ change: (inout [GateLine]) -> Void) -> GateRecordingFault? {
        var lines = GateScript().lines(blocks: [2])
        change(&lines)
        do {
            _ = try GateRecording(lines)
            return nil
        } catch { return error }
    }

    @Test("a whole recording is taken")
    func whole() { #expect(fault { _ in } == nil) }

    @Test("a line that is missing, strange or twice is named")
    func faults() {
        #expect(fault { $0.removeFirst() }?.reason == "no header")
        #expect(fault { $0[0].header?.schema = 2 }?.reason == "schema 2, where 1 is read")
        #expect(fault { $0.removeLast() }?.reason == "the recording ends before the gate did")
        #expect(fault { $0.remove(at: 1) }?.reason == "a block whose slices do not match")
        #expect(fault { $0.append($0[1]) }?.reason == "a line after the end")
        #expect(fault { $0.insert($0[0], at: 1) }?.reason == "a second header")
        #expect(fault { $0[1].slice?.cell = 9 } == .init(line: 2, reason: "a slice of an unknown cell"))
        #expect(fault { $0[1].slice?.wall_ns = 0 }?.reason.contains("not as long") == true)
        #expect(fault { $0[1].slice?.operations = 4 }?.reason.contains("not as long") == true)
        #expect(fault { $0[1].slice?.side = .head }?.reason == "a block whose slices do not match")
        #expect(fault { $0[3].histogram?.buckets[1] += 1 }?.reason == "a block whose slices do not match")
        #expect(fault { $0[3].histogram?.buckets = [5] }?.reason == "a block whose slices do not match")
        #expect(fault { $0[3].histogram?.buckets = [5, .max] }?.reason == "a block whose slices do not match")
        #expect(fault { $0[3].histogram?.cell = 9 }?.reason == "a histogram of an unknown cell")
        #expect(fault { $0[1].slice = nil }?.reason == "neither slice, histogram, block, instructions nor end")
        let block = 1 + 2 * 2 * 3
        #expect(fault { $0[block].block?.block = 2 }?.reason == "block 2 after 0")
        #expect(fault { $0[block].block?.stage = 4 }?.reason == "stage 4")
    }
}
