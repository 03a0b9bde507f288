package doctor

// ValidateCompose returns an error with a hint if target.Compose names what cannot be
// read or is no compose file.
func ValidateCompose(target Target) error { return validateCompose(target) }
