// Package deploy proves the compose files in deploy/ on a real Docker engine, with
// images that are made here of the same programs and have the very names that the
// files use. Start at TestCompose for what each of them must do; the directory
// standin holds what the images of the stores have besides.
package deploy
