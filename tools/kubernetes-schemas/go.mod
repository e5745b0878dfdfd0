module longshore.example/kubernetes-schemas

go 1.24.0

require k8s.io/kubernetes v1.33.13
