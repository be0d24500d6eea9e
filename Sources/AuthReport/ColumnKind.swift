/// What may stand in a column.
package enum ColumnKind: String, CaseIterable, Sendable {
    case text
    /// `true` or `false`.
    case flag
    case optionalFlag = "flag or blank"
    /// A whole number from 0.
    case count
    case optionalCount = "count or blank"
    /// Nanoseconds or another whole number from 0 that is no count.
    case time = "whole ns"
    case optionalTime = "whole ns or blank"
    /// A decimal number from 0.
    case number
    case optionalNumber = "number or blank"
    /// A decimal number of either sign.
    case optionalSigned = "signed number or blank"
    /// A decimal number from 0 to 1.
    case optionalShare = "share or blank"

    package var isOptional: Bool { rawValue.hasSuffix("or blank") }

    /// Whether a field may stand in such a column.
    package func accepts(_ field: String) -> Bool {
        if field.isEmpty { return isOptional || self == .text }
        return switch self {
        case .text: true
        case .flag, .optionalFlag: field == "true" || field == "false"
        // Greater ones are whole numbers no longer where they are read as doubles, and no run has any.
        case .count, .optionalCount, .time, .optionalTime: UInt64(field).map { $0 <= 1 << 53 } ?? false
        case .number, .optionalNumber: decimal(field).map { $0 >= 0 } ?? false
        case .optionalSigned: decimal(field) != nil
        case .optionalShare: decimal(field).map { 0...1 ~= $0 } ?? false
        }
    }

    /// A number as `Cell` writes it: no exponent, no infinity.
    private func decimal(_ field: String) -> Double? {
        field.utf8.allSatisfy { "-.0123456789".utf8.contains($0) } ? Double(field) : nil
    }
}
