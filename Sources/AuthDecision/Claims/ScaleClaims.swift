extension Claim {
    /// What several services or machines make of it.
    static let scale = [
        Self(
            "CLM-11", "JWTs scale across services, sessions need a shared store",
            unmeasured: "it takes several nodes, and this version measures one machine"),
        Self(
            "CLM-12", "Sticky sessions complicate load balancing",
            unmeasured: "it takes several nodes behind a balancer, and this version measures one machine"),
        Self(
            "CLM-20", "The hybrid is the right default for access to an API",
            unmeasured: "the requirements decide, and authbench advise weighs them"),
    ]
}
