package jaegers

// Compose is Docker's compose plugin, which the docker command finds as
// cli-plugins/docker-compose in the directory that DOCKER_CONFIG names.
func Compose() Program {
	return Program{
		Name: "docker compose 2.40", Module: "github.com/docker/compose/v2", Version: "v2.40.3",
		mainPackage: "./cmd", file: "docker-compose",
	}
}

// IndexCleaner is what deletes Jaeger's old indices from Elasticsearch.
func IndexCleaner() Program {
	return Program{
		Name: "jaeger-es-index-cleaner", Module: module, Version: "v1.76.0",
		mainPackage: "./cmd/es-index-cleaner", file: "jaeger-es-index-cleaner",
	}
}
