/// One import for the author of a store or of an algorithm: the families, and what a part of theirs must do.
///
/// `Session<MyStore>.self` and `Token<MyAlgorithm>.self` are strategies like those that come with authbench.
@_exported import AuthBench
@_exported import struct AuthStrategies.Session
@_exported import enum AuthStrategies.SessionChange
@_exported import struct AuthStrategies.SessionData
@_exported import struct AuthStrategies.SessionRecord
@_exported import protocol AuthStrategies.SessionStore
@_exported import struct AuthStrategies.Token
@_exported import protocol AuthStrategies.TokenAlgorithm

/// The SHA-256 of a session's token: the name under which a store keeps the session.
public typealias SessionID = InlineArray<32, UInt8>
