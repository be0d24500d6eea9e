/// The rank-sum test of Mann and Whitney (1947) on two samples of one size, exact without ties.
///
/// The normal approximation that many tools take is too cautious far out: with it, runs of 60 cells under Holm's
/// correction at 5 % have a third of the false alarms, and half of the power.
struct MannWhitney {
    private let count: Int
    /// The probability of each number of pairs whose second is greater, from 0 on.
    private let masses: [Double]

    init(count: Int) {
        self.count = count
        // How many choices of so many of the ranks so far have such a sum.
        let sums = 2 * count * count + count + 1
        var choices = Array(repeating: Array(repeating: 0.0, count: sums), count: count + 1)
        choices[0][0] = 1
        for rank in 1...(2 * count) {
            for chosen in stride(from: count, through: 1, by: -1) {
                for sum in rank..<sums { choices[chosen][sum] += choices[chosen - 1][sum - rank] }
            }
        }
        let all = choices[count].reduce(0, +)
        masses = choices[count].dropFirst(count * (count + 1) / 2).map { $0 / all }
    }

    /// The two-sided p where the second sample is the greater one, else 1.
    func pSlower(_ base: [Double], _ head: [Double]) -> Double {
        let pairs = head.reduce(0) { sum, time in sum + base.count { $0 < time } }
        guard 2 * pairs > count * count else { return 1 }
        return min(1, 2 * masses[0...(count * count - pairs)].reduce(0, +))
    }
}
