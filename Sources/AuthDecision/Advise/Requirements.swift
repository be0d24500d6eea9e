import AuthCore
import AuthResults
import Foundation

/// What an architect asks of authentication: each requirement is a key of a JSON file and an option of `advise`.
package enum RequirementKey: String, CaseIterable, Sendable {
    case requestsPerSecond = "requests_per_second"
    case users
    case signInsPerDay = "sign_ins_per_day"
    case services
    case logoutWithin = "logout_within"
    case permissionChangeWithin = "permission_change_within"
    case stores
    case storeRTT = "store_rtt"
    case whileStoreAway = "while_store_away"
    case headerLimit = "header_limit_bytes"
    case verifiersMayMint = "verifiers_may_mint"
    case claims = "claims_bytes"
    case p99 = "p99_within"
    case corePrice = "cpu_price_per_core_hour"
    case requestTime = "request_time"

    /// The option of `advise` that says the same, without its dashes.
    package var option: String { rawValue.replacing("_", with: "-") }

    /// What its value is, as help names it.
    package var valueName: String {
        switch kind {
        case .number, .count, .time, .flag: kind.rawValue
        case .stores: "names"
        case .whileAway: "what"
        }
    }

    fileprivate enum Kind: String { case number, count, time, flag, stores, whileAway }

    fileprivate var kind: Kind {
        switch self {
        case .requestsPerSecond, .signInsPerDay, .corePrice: .number
        case .users, .services, .headerLimit, .claims: .count
        case .logoutWithin, .permissionChangeWithin, .storeRTT, .p99, .requestTime: .time
        case .verifiersMayMint: .flag
        case .stores: .stores
        case .whileStoreAway: .whileAway
        }
    }

    /// What it asks, for a file of examples and for help.
    package var meaning: String {
        switch self {
        case .requestsPerSecond: "Requests in each second, all services together."
        case .users: "Users who are signed in at once."
        case .signInsPerDay: "Sign-ins in a day, which come beside the requests."
        case .services: "Services that verify credentials, each on a machine of its own."
        case .logoutWithin: "The longest time that a credential may still work after a logout."
        case .permissionChangeWithin:
            "The longest time that a permission may still work after it was taken away."
        case .stores: "The stores that are at hand: sqlite, redis, postgres, authority; empty for none."
        case .storeRTT: "How far away they are: the time of a round trip."
        case .whileStoreAway: "What requests may do while the store is away: refuse, or go-on."
        case .headerLimit: "The longest header line that everything on the way takes, in bytes."
        case .verifiersMayMint: "Whether a service that verifies credentials may also be able to make them."
        case .claims: "Claims of your own in a token, in bytes of JSON."
        case .p99: "The response time that 99 % of the checks must keep."
        case .corePrice: "What a core costs for an hour; prices come in the same currency."
        case .requestTime: "What the rest of a user's request takes, to see the share of authentication."
        }
    }
}

/// Why requirements cannot be read, in one phrase.
package struct RequirementError: Error, CustomStringConvertible, Equatable {
    package var description: String

    init(_ description: String) { self.description = description }
}

/// Requirements as they were given, each checked.
package struct Requirements: Sendable, Equatable {
    /// The text of each, as it was given.
    package private(set) var texts: [RequirementKey: String] = [:]
    /// Numbers in the unit of their kind: nanoseconds, bytes, pieces; 1 for true.
    private var numbers: [RequirementKey: Double] = [:]
    /// `nil` where any store may be had.
    package private(set) var stores: Set<Store>?

    package init() {}

    package subscript(key: RequirementKey) -> Double? { numbers[key] }

    /// Sign-ins in each second, on average over the day; `nil` where nothing is asked.
    package var signInsPerSecond: Double? { self[.signInsPerDay].map { $0 / 86_400 } }

    /// Whether requests must go on while the store is away.
    var mustGoOn: Bool { texts[.whileStoreAway] == Self.goOn }
    private static let goOn = "go-on"
    private static let refuse = "refuse"

    /// The same with another value of a number, in the unit of its kind.
    package func setting(_ key: RequirementKey, to number: Double) -> Self {
        var other = self
        other.numbers[key] = number
        other.texts[key] =
            key.kind == .time ? TextTable.time(UInt64(max(0, number))) : TextTable.trimmed(number, digits: 3)
        return other
    }

    /// Takes one requirement.
    ///
    /// - Parameters:
    ///   - key: which.
    ///   - text: its value, times with their unit.
    /// - Throws: `RequirementError` that says what it must be.
    package mutating func set(_ key: RequirementKey, _ text: String) throws(RequirementError) {
        func fault(_ wanted: String) -> RequirementError {
            RequirementError("\(key.rawValue) is \"\(text.printable)\": give \(wanted)")
        }
        switch key.kind {
        case .number, .count:
            guard let number = Double(text), number.isFinite, number >= (key == .services ? 1 : 0),
                key.kind == .number || number == number.rounded(), number <= 1e12
            else { throw fault(key.kind == .count ? "a whole number" : "a number, 0 or more") }
            numbers[key] = number
        case .time:
            guard let time_ns = Self.time_ns(text) else {
                throw fault("a time with its unit, such as 0.8ms, 20ms, 2s, 15m or 1h, or 0")
            }
            numbers[key] = time_ns
        case .flag:
            guard let flag = ["true": 1.0, "false": 0][text] else { throw fault("true or false") }
            numbers[key] = flag
        case .whileAway:
            guard [Self.goOn, Self.refuse].contains(text) else { throw fault("refuse or go-on") }
        case .stores:
            let names = text.split(separator: ",").map(String.init)
            let known = names.compactMap { Store(rawValue: $0) }
            guard known.count == names.count else {
                throw fault("some of \(Store.allCases.map(\.rawValue).joined(separator: ",")), or nothing")
            }
            stores = Set(known)
        }
        texts[key] = text
    }

    /// Refuses what cannot be had together.
    package func check() throws(RequirementError) {
        if let stores, stores.isEmpty, self[.services] ?? 1 > 1, let within = self[.logoutWithin], within == 0
        {
            throw RequirementError(
                "logout_within is 0 and stores is empty: without a store, several services cannot know of a logout; name a store or allow a time"
            )
        }
        if let stores, stores.isEmpty, self[.storeRTT] != nil {
            throw RequirementError("store_rtt is set and stores is empty: leave one of them out")
        }
        if let signIns = signInsPerSecond, let requests = self[.requestsPerSecond], signIns > requests {
            throw RequirementError(
                "sign_ins_per_day is more than requests_per_second in a day: who signs in sends a request, too"
            )
        }
        if let limit = self[.headerLimit], let claims = self[.claims], claims > limit {
            throw RequirementError(
                "claims_bytes is more than header_limit_bytes: no token with these claims fits such a line")
        }
    }

    private static func time_ns(_ text: String) -> Double? {
        if text == "0" { return 0 }
        let time_ns = TimeText.nanoseconds(text, in: ["us", "µs", "ms", "s", "m", "h"])
        return time_ns.flatMap { $0 <= 366 * 86_400e9 ? $0 : nil }
    }
}

extension Requirements {
    /// All that is asked, as a requirement file that says the same.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let members = Dictionary(uniqueKeysWithValues: texts.map { ($0.key.rawValue, $0.value) })
            return String(decoding: try encoder.encode(members), as: UTF8.self) + "\n"
        }
    }

    /// Reads the object of a requirement file; names that begin with `//` are remarks.
    ///
    /// - Throws: `RequirementError` for what is no such object, an unknown key, or a value that cannot be.
    package init(json: Data) throws(RequirementError) {
        let members: [String: Value]
        do { members = try JSONDecoder().decode([String: Value].self, from: json) } catch {
            throw RequirementError("it is no JSON object of requirements: \(error.jsonReason)")
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("//") {
            guard let key = RequirementKey(rawValue: name) else {
                let names = RequirementKey.allCases.map(\.rawValue).joined(separator: ", ")
                throw RequirementError("the key \"\(name.printable)\" is unknown: the keys are \(names)")
            }
            try set(key, value.text)
        }
        try check()
    }

    /// A scalar of the file, or a list of words, as an option would have it.
    private struct Value: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                text = String(flag)
            } else if let number = try? container.decode(Double.self) {
                text =
                    number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
            } else if let list = try? container.decode([String].self) {
                text = list.joined(separator: ",")
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    /// A file with all keys and what each asks.
    package static var example: String {
        let values: [RequirementKey: String] = [
            .requestsPerSecond: "2000", .users: "50000", .signInsPerDay: "100000", .services: "3",
            .logoutWithin: "\"60s\"", .permissionChangeWithin: "\"5m\"", .stores: "[\"redis\", \"postgres\"]",
            .storeRTT: "\"0.8ms\"", .whileStoreAway: "\"refuse\"", .headerLimit: "4096",
            .verifiersMayMint: "true", .claims: "0", .p99: "\"5ms\"", .corePrice: "0.04",
            .requestTime: "\"20ms\"",
        ]
        let lines = RequirementKey.allCases.map { key in
            "  \"// \(key.rawValue)\": \"\(key.meaning)\",\n  \"\(key.rawValue)\": \(values[key] ?? "0")"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
    }
}
