/// Does operations one after the other: what Callgrind counts is what happens in here, and nothing else.
///
/// Its name is given to `--toggle-collect`, so it is never inlined and nothing in it may bear its name, a closure for
/// instance: each entry of another function of that name would switch the counting off and on again.
///
/// - Parameters:
///   - count: how many.
///   - operation: one of them; gets its number from 0, and says whether its outcome was right.
/// - Returns: how many outcomes were right.
/// - Throws: what an operation throws.
@inline(never)
func authbenchCountedOperations(_ count: Int, _ operation: (Int) throws -> Bool) throws -> Int {
    var right = 0
    for index in 0..<count where try operation(index) { right += 1 }
    return right
}
