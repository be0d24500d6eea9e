import AuthCore
import AuthHarness
import Backends

/// The parts of the harness's timed loop.
public enum HarnessKernels {
    /// Records times in a histogram.
    public static var histogramRecord: Kernel {
        var parts = Self.parts
        return Kernel("histogram record") { range in
            let before = parts.recorded
            parts.record(range)
            return parts.recorded - before
        }
    }

    /// Reads the clock.
    public static var clockRead: Kernel {
        let parts = Self.parts
        return Kernel("clock read") { parts.readClock($0) }
    }

    /// Goes from one operation of a trace to the next.
    public static var traceStep: Kernel {
        var parts = Self.parts
        return Kernel("trace step") { parts.step($0) }
    }

    private static var parts: HarnessParts {
        let trace = Trace(.only(.authenticate, clients: 1, population: 1000), lapOperations: 16_384)
        return HarnessParts(trace, timepiece: Timepiece(sleep: PreciseTimer.sleep))
    }
}
