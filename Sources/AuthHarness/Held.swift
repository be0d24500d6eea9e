import AuthCore

/// What a client holds for one slot of its trace.
struct Held {
    var credential: Credential
    var subject: Subject
    /// After a failed sign-in or sign-out nobody knows what the store holds, so nothing is judged.
    var isUncertain = false

    init(_ credential: Credential, _ subject: Subject) {
        self.credential = credential
        self.subject = subject
    }

    /// What the client sends with the credential.
    var request: Request { Request(headerLine: credential.headerLine) }
}
