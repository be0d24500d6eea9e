import Foundation
import Testing

@testable import AuthGate

@Suite("Gate recording")
struct GateRecordingTests {
    private func fault(_ change: (inout [GateLine]) -> Void) -> GateRecordingError? {
        var lines = GateScript().lines(blocks: [2])
        change(&lines)
        do {
            _ = try GateRecording(lines)
            return nil
        } catch { return error }
    }

    @Test("a whole recording is taken")
    func whole() { #expect(fault { _ in } == nil) }

    @Test("a recording of another version is told by its version, whatever else its first line has")
    func version() {
        func fault(_ text: String) -> String? { GateHeader.versionFault(Data(text.utf8)) }
        #expect(fault(#"{"header":{"schema":1,"quads":16}}"#)?.contains("the recording has schema 1") == true)
        #expect(fault(#"{"header":{"schema":2}}"#) == nil)
        #expect(fault("hello") == nil)
    }

    @Test("a line that is missing, strange or twice is named")
    func faults() {
        #expect(fault { $0.removeFirst() }?.reason == "the recording has no header")
        #expect(
            fault { $0[0].header?.schema = 1 }?.reason
                == "the recording has schema 1, and this authbench reads 2: use the authbench that recorded it, or record again"
        )
        #expect(
            fault { $0[0].header?.cases[0].quads = .max }?.reason
                == "the header is not one that a gate writes")
        #expect(
            fault { $0[0].header?.rules.blocks = [] }?.reason == "the header is not one that a gate writes")
        #expect(fault { $0[0].header?.cases[0].operations_per_slice = .max }?.line == 1)
        #expect(fault { $0.removeLast() }?.reason == "the recording ends before the gate did")
        #expect(fault { $0.append($0[1]) }?.reason == "there is a line after the end")
        #expect(fault { $0.insert($0[0], at: 1) }?.reason == "there is a second header")
        #expect(fault { $0.insert($0[1], at: 1) } == .init(line: 3, reason: "a block has one case twice"))
        #expect(fault { $0.removeSubrange(1...2) }?.reason == "a block has no measurement")
        #expect(
            fault { $0[1].measurement = nil }?.reason
                == "the line is neither a measurement, a block, instructions nor the end")
        #expect(fault { $0[1].measurement?.caseIndex = 9 } == .init(line: 2, reason: "the case is unknown"))
        let unlike = "the slices do not match the header"
        #expect(fault { $0[1].measurement?.wall_ns[0] = 0 }?.reason == unlike)
        #expect(fault { $0[1].measurement?.wall_ns.removeLast() }?.reason == unlike)
        #expect(fault { $0[1].measurement?.cpu_ns.append(1) }?.reason == unlike)
        #expect(fault { $0[1].measurement?.order = "bbhh" }?.reason == unlike)
        #expect(fault { $0[1].measurement?.order = "bhhbb" }?.reason == unlike)
        let unfit = "the histogram does not match the times of the slices"
        #expect(fault { $0[1].measurement?.head.buckets[1] += 1 }?.reason == unfit)
        #expect(fault { $0[1].measurement?.base.buckets = [5] }?.reason == unfit)
        #expect(fault { $0[1].measurement?.base.buckets = [5, .max] }?.reason == unfit)
        #expect(fault { $0[1].measurement?.base.buckets = [9, 5000, 5, 5000] }?.reason == unfit)
        let strange = "the distance to the store does not match the header"
        #expect(fault { $0[1].measurement?.store_rtt_p50_ns = 1_000_000 }?.reason == strange)
        #expect(
            fault { $0[0].header?.store_rtt_asked_ns = 1_000_000_001 }?.reason
                == "the header is not one that a gate writes")
        #expect(fault { $0[3].block?.block = 2 }?.reason == "block 2 follows block 0")
        #expect(fault { $0[3].block?.stage = 4 }?.reason == "there is no stage 4")
    }
}
