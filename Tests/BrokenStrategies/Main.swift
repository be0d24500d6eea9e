import AuthBench

/// A program whose strategies break in ways that only a process of their own survives.
@main enum Main {
    static func main() {
        AuthBench.main([
            Opaque<Sound>.self, Opaque<Crashes>.self, Opaque<Hangs>.self, Opaque<Prints>.self,
            Opaque<Leaves>.self,
            Opaque<NeedsFiles>.self,
        ])
    }
}
