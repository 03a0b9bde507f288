// Package page proves the page in a real browser, headless Chromium, on real
// backends: otdemo's own program, and real Jaegers behind all-in-one --proxy-query.
// The tests find things by their role and name for a screen reader, so that what
// they find can be found without looking; each fails when the page asks for anything
// elsewhere, breaks its policy, or complains in the console.
//
// OTDEMO_SCREENSHOTS=DIR has TestPictures write its pictures there.
package page
