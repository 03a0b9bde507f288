// Package jaegers describes Jaeger by its versions: what each generation listens on,
// and what an image, its flags and its variables mean. Start at Generations.
package jaegers
