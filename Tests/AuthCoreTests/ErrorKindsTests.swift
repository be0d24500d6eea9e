import AuthCore
import Testing

@Suite("Error kinds")
struct ErrorKindsTests {
    @Test("texts that differ in numbers only are one kind, the commonest first")
    func kinds() {
        var errors = ErrorKinds()
        errors.note("once")
        for number in 1...18_548 { errors.note("the next attempt is in \(number) ms") }
        #expect(errors.count == 18_549)
        #expect(errors.text == "18548 x the next attempt is in 1 ms; 1 x once")
    }

    @Test("sums of clients are those of one, and more kinds than twenty are counted together")
    func sums() {
        var (left, right, all) = (ErrorKinds(), ErrorKinds(), ErrorKinds())
        for letter in "abcdefghijklmnopqrstuvwxyz" {
            left.note("\(letter)")
            right.note("\(letter)")
        }
        all += left
        all += right
        #expect(all.count == 52)
        #expect(all.text.hasPrefix("2 x a; 2 x b; ") && all.text.hasSuffix("; 12 x others"))
        #expect(ErrorKinds().text.isEmpty)
    }

    @Test("what a server says does not reach a terminal as a command, and is not endless")
    func printable() {
        #expect("a\u{1B}[31m\nb\u{202E}".printable == #"a\u{1b}[31m\u{a}b\u{202e}"#)
        #expect(String(repeating: "x", count: 500).printable.count == 301)
        #expect("größer 1 µs".printable == "größer 1 µs")
        var errors = ErrorKinds()
        errors.note("\u{7}")
        #expect(errors.text == #"1 x \u{7}"#)
    }
}
