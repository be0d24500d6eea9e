import AuthStatistics
import Foundation

/// How many cores work for a rate, as runs measured it.
///
/// One request takes less processor time where more come: threads sleep less, and one wake-up serves several. Between two
/// runs the cores follow a power of the rate. Beyond the last one they follow the power that fits all runs best, as far as
/// that was validated; from there on each request costs as much as the last.
struct LoadCurve: Sendable {
    /// Ascending in both.
    private let points: [(perSecond: Double, cores: Double)]
    /// How the cores grow with the rate beyond the last run.
    private let power: Double

    /// So many times the highest rate that was measured follow the power.
    static let reach = 1.5
    /// Runs with less than this part of the highest rate say nothing of what comes beyond it.
    private static let leastPart = 0.125
    /// Lower powers were noise of the runs: they promised more than was measured at the next load.
    private static let powers = 0.75...1.0

    /// - Parameter measured: rates, and the processor time of one request there, in µs. A run that did less with more
    ///   processor time than another says nothing of what is needed.
    init(_ measured: [(perSecond: Double, each_us: Double)]) {
        var points: [(perSecond: Double, cores: Double)] = []
        for one in measured.sorted(by: { $0.perSecond < $1.perSecond }) {
            let cores = one.perSecond * one.each_us / 1e6
            while let last = points.last, last.cores >= cores { points.removeLast() }
            if cores > 0 { points.append((one.perSecond, cores)) }
        }
        self.points = points
        let near = points.filter { $0.perSecond >= (points.last?.perSecond ?? 0) * Self.leastPart }
        power = Self.power(through: near)
    }

    /// The slope of the line of least squares through the logarithms; 1 for a single point.
    private static func power(through points: [(perSecond: Double, cores: Double)]) -> Double {
        let logs = points.map { (x: log($0.perSecond), y: log($0.cores)) }
        let count = Double(max(1, logs.count))
        let (middleX, middleY) = (
            logs.reduce(0) { $0 + $1.x } / count, logs.reduce(0) { $0 + $1.y } / count
        )
        let squares = logs.reduce(0) { $0 + ($1.x - middleX) * ($1.x - middleX) }
        guard squares > 0 else { return 1 }
        let slope = logs.reduce(0) { $0 + ($1.x - middleX) * ($1.y - middleY) } / squares
        return min(max(slope, powers.lowerBound), powers.upperBound)
    }

    /// The highest rate that was measured; 0 where no processor time was.
    var most: Double { points.last?.perSecond ?? 0 }

    /// Cores that work for a rate, on average.
    func cores(at perSecond: Double) -> Double {
        guard let first = points.first, let last = points.last else { return 0 }
        if perSecond <= first.perSecond { return first.cores * perSecond / first.perSecond }
        if let end = points.firstIndex(where: { $0.perSecond >= perSecond }) {
            let (from, to) = (points[end - 1], points[end])
            let power = log(to.cores / from.cores) / log(to.perSecond / from.perSecond)
            return from.cores * pow(perSecond / from.perSecond, power)
        }
        let reached = min(perSecond / last.perSecond, Self.reach)
        return last.cores * pow(reached, power) * perSecond / last.perSecond / reached
    }

    /// The rate that so many working cores carry; infinite where none is needed.
    func perSecond(at cores: Double) -> Double {
        guard let last = points.last else { return .infinity }
        var (low, high) = (0.0, last.perSecond * max(1, cores / last.cores) * Self.reach)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if self.cores(at: middle) < cores { low = middle } else { high = middle }
        }
        return high
    }

    /// Processor time of one request at a rate, in µs.
    func each_us(at perSecond: Double) -> Double { cores(at: perSecond) / perSecond * 1e6 }
}

/// A strategy on the machine that measured it: its clients, its store and its relay share the processors.
struct MachineModel: Sendable {
    let cores: Double
    let verifier: LoadCurve
    /// `nil` where the store does not tell its processor time, or there is none.
    let store: LoadCurve?
    private let all: LoadCurve
    /// How many processors one store can use.
    let storeServers: Int
    /// The run with the least load: its times have the least waits in them.
    let quiet: MeasuredPoint
    /// How much the processor time of requests differs: as their times do where these are nothing else, and otherwise as
    /// exponential times do, which is more than was seen.
    let variability: Double
    private let times: [(time: Double, count: Double)]

    /// - Parameters:
    ///   - points: of one strategy at one distance; not empty.
    ///   - elsewhere: of the same at other distances, which change the times but not what verifier and store have to do.
    ///   - storeServers: how many processors one store can use; `nil` for all of the machine's.
    init?(_ points: [MeasuredPoint], elsewhere: [MeasuredPoint] = [], storeServers: Int?) {
        // A p99 needs its samples; where no run has them, there is none.
        let counted = points.filter { $0.times.supported_ns(0.99) != nil }
        let quietest = (counted.isEmpty ? points : counted).min { $0.utilization < $1.utilization }
        guard let quiet = quietest else { return nil }
        self.quiet = quiet
        cores = quiet.cores
        self.storeServers = min(storeServers ?? .max, Int(quiet.cores.rounded(.up)))
        func curve(_ points: [MeasuredPoint], _ each_us: (MeasuredPoint) -> Double) -> LoadCurve {
            LoadCurve(points.map { ($0.perSecond, each_us($0)) })
        }
        verifier = curve(points + elsewhere, \.verifier_us)
        let known = (points + elsewhere).filter { $0.store_us ?? 0 > 0 }
        store = known.isEmpty ? nil : curve(known) { $0.store_us ?? 0 }
        all = curve(points, \.all_us)
        variability = quiet.trips == 0 ? quiet.variability : 1
        times = quiet.times.buckets.map {
            (Double($0.lower_ns + $0.upper_ns) / 2, Double($0.count))
        }
    }

    /// The times without waits, with the store so much farther away: what a request waits for it moves with the way.
    func times(movedBy moved_ns: Double) -> [(time: Double, count: Double)] {
        guard moved_ns != 0 else { return times }
        // A request in so many has one round trip more than the others, and these are the slowest.
        let (whole, part) = (quiet.trips.rounded(.down), quiet.trips - quiet.trips.rounded(.down))
        let all = times.reduce(0) { $0 + $1.count }
        var (seen, moved) = (0.0, [(time: Double, count: Double)]())
        for one in times {
            seen += one.count
            let trips = whole + (seen > (1 - part) * all ? 1 : 0)
            moved.append((max(0, one.time + trips * moved_ns), one.count))
        }
        return moved
    }

    /// The highest rate that the runs had.
    var most: Double { all.most }

    /// The highest rate that keeps all its processors below a share of their time.
    func perSecond(at utilization: Double) -> Double {
        min(
            all.perSecond(at: utilization * cores),
            store?.perSecond(at: utilization * Double(storeServers)) ?? .infinity)
    }

    /// How many requests a second clients get answered that each wait for their answer.
    ///
    /// The processor time of a request depends on the rate, and the rate on it: found by halving.
    func perSecond(clients: Int) -> Double {
        let delay_us = max(0, (quiet.mean_ns ?? 0) / 1000 - quiet.all_us)
        var (low, high) = (0.0, perSecond(at: 1))
        for _ in 0..<50 {
            let middle = (low + high) / 2
            let network = ClosedNetwork([
                .delay(delay_us), .servers(Int(cores.rounded(.up)), all.each_us(at: middle)),
            ])
            if network.rate(clients: clients) * 1e6 > middle { low = middle } else { high = middle }
        }
        return low
    }

    /// Response times of an open loop on this machine.
    ///
    /// - Parameters:
    ///   - perSecond: the rate.
    ///   - clients: that share it evenly. A request waits while its client is busy, whose requests take much the same time.
    /// - Returns: their distribution, in ns.
    func responses(perSecond: Double, clients: Int) -> ResponseTimes {
        // Nobody waits for what the own client does, which has only one request under way.
        let others = 1 - 1 / Double(clients)
        func line(_ curve: LoadCurve, _ servers: Int, _ variability: Double) -> Station {
            Station(
                servers: servers, utilization: others * curve.cores(at: perSecond) / Double(servers),
                mean: curve.each_us(at: perSecond) * 1000, variability: variability)
        }
        var stations = [line(all, Int(cores.rounded(.up)), variability)]
        if let store { stations.append(line(store, storeServers, 1)) }
        let mean_ns = stations.reduce(quiet.mean_ns ?? 0) { $0 + $1.meanWait }
        stations.append(
            Station(
                servers: 1, utilization: perSecond / Double(clients) * mean_ns / 1e9, mean: mean_ns,
                variability: quiet.variability))
        return ResponseTimes(times, waitingAt: stations)
    }

    /// The capacity of this machine: the highest rate that it carries, within a p99 where one is asked for.
    func capacity(p99_ns: Double?, clients: Int) -> Double {
        let most = perSecond(at: 1)
        guard let p99_ns else { return most }
        var (low, high) = (0.0, most)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if responses(perSecond: middle, clients: clients).quantile(0.99) <= p99_ns {
                low = middle
            } else {
                high = middle
            }
        }
        return low
    }
}
