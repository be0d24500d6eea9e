import Backends
import Foundation

extension Error {
    /// The error as a person reads it: what is Foundation's has no text of its own but a dump of an object.
    var words: String {
        let isFoundations = self is CocoaError || self is POSIXError || type(of: self) is NSError.Type
        return isFoundations ? reason : "\(self)"
    }

    /// Why a file operation failed, in the system's own words and one line.
    var reason: String {
        if let error = self as? FileError {
            return error.number == 0 ? "\(error)" : SystemError.text(error.number)
        }
        let error = self as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        for candidate in [error, underlying].compactMap(\.self) where candidate.domain == NSPOSIXErrorDomain {
            return SystemError.text(Int32(candidate.code))
        }
        switch (self as? CocoaError)?.code {
        case .fileWriteOutOfSpace: return SystemError.text(ENOSPC)
        case .fileWriteNoPermission, .fileReadNoPermission: return SystemError.text(EACCES)
        case .fileNoSuchFile, .fileReadNoSuchFile: return SystemError.text(ENOENT)
        case .fileWriteVolumeReadOnly: return SystemError.text(EROFS)
        case .fileWriteFileExists: return SystemError.text(EEXIST)
        // Foundation keeps the number of other errors to itself.
        case .fileWriteUnknown: return "the write failed half-way: a disk quota or limit on file sizes?"
        default: return error.localizedDescription
        }
    }
}
