// Appdash is older than Go's modules and has no go.mod. Its data comes from GitHub:
// sourcegraph.com no longer answers for it.
module github.com/otdemo/otdemo/integration/jaegers/modules/appdash

go 1.26.0

tool sourcegraph.com/sourcegraph/appdash/cmd/appdash

require (
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/gorilla/mux v1.8.1 // indirect
	github.com/jessevdk/go-flags v1.6.1 // indirect
	github.com/shurcooL/httpfs v0.0.0-20230704072500-f1e31cf0ba5c // indirect
	github.com/shurcooL/vfsgen v0.0.0-20230704071429-0000e147ea92 // indirect
	golang.org/x/sys v0.21.0 // indirect
	sourcegraph.com/sourcegraph/appdash v0.0.0-20190731080439-ebfcffb1b5c0 // indirect
	sourcegraph.com/sourcegraph/appdash-data v0.0.0-00010101000000-000000000000 // indirect
)

replace sourcegraph.com/sourcegraph/appdash-data => github.com/sourcegraph/appdash-data v0.0.0-20151005221446-73f23eafcf67
