import AuthBench

/// A program whose strategies break in ways that only a process of their own survives, or whose times are known.
@main enum Main {
    static func main() {
        let baseline = builtinStrategies.filter { $0.descriptor.transport == .none }
        AuthBench.main(
            baseline + [
                Opaque<Sound>.self, Opaque<Crashes>.self, Opaque<Hangs>.self, Opaque<Prints>.self,
                Opaque<Leaves>.self,
                Opaque<NeedsFiles>.self, Opaque<KeepsTime>.self,
            ])
    }
}
