#if AUTHBENCH_DEFECT
    import CDefect

    /// The defect that this program was built with.
    package enum DefectText {
        package static var chosen: String { unsafe String(cString: authbench_defect()) }
    }
#endif
