/// Requests that wait in the order in which they came, and servers that take them.
struct Line {
    private let servers: Int
    private var waiting: [Int] = []
    private var first = 0
    private var busy = 0
    var isAway = false
    /// Whether it still has a line from when it was away.
    var isBehind = false

    init(servers: Int) { self.servers = servers }

    /// Whether a server is free for a request; otherwise it waits.
    mutating func takes(_ request: Int) -> Bool {
        guard !isAway, busy < servers else {
            waiting.append(request)
            return false
        }
        busy += 1
        return true
    }

    /// Ends the service of one request.
    ///
    /// - Returns: who is served next, if anybody waits.
    mutating func leave() -> Int? {
        busy -= 1
        return isAway ? nil : next()
    }

    /// - Returns: who is served at once.
    mutating func comeBack() -> [Int] {
        (isAway, isBehind) = (false, true)
        var served: [Int] = []
        while busy < servers, let one = next() { served.append(one) }
        return served
    }

    private mutating func next() -> Int? {
        guard first < waiting.count else { return nil }
        busy += 1
        first += 1
        return waiting[first - 1]
    }
}

/// What happens when, the earliest first; what was added first goes first where two happen at once.
struct EventQueue<Event> {
    private var heap: [(at_ns: Double, number: Int, event: Event)] = []
    private var added = 0

    var isEmpty: Bool { heap.isEmpty }
    var first_ns: Double? { heap.first?.at_ns }

    mutating func add(_ event: Event, at at_ns: Double) {
        heap.append((at_ns, added, event))
        added += 1
        var place = heap.count - 1
        while place > 0, isBefore(place, (place - 1) / 2) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func removeFirst() -> (at_ns: Double, event: Event)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return (first.at_ns, first.event) }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            guard least != place else { return (first.at_ns, first.event) }
            heap.swapAt(place, least)
            place = least
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at_ns, heap[left].number) < (heap[right].at_ns, heap[right].number)
    }
}
