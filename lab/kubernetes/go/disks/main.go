// disks makes a folder of this machine, as a volume of kind local, for every claim of the storage class "folders",
// and removes both when the claim is gone. The controllers' own provisioner makes folders that only root may use.
// Usage: disks KUBECONFIG FOLDER NODE
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const class = "folders"

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: disks KUBECONFIG FOLDER NODE")
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config)
	for range time.Tick(500 * time.Millisecond) {
		if err := provide(context.Background(), client, os.Args[2], os.Args[3]); err != nil {
			log.Print(err)
		}
		if err := reclaim(context.Background(), client, os.Args[2]); err != nil {
			log.Print(err)
		}
	}
}

func provide(ctx context.Context, client kubernetes.Interface, folder, node string) error {
	claims, err := client.CoreV1().PersistentVolumeClaims("").List(ctx, meta.ListOptions{})
	if err != nil {
		return err
	}
	for _, claim := range claims.Items {
		wanted := claim.Spec.StorageClassName
		if claim.Status.Phase != core.ClaimPending || wanted == nil || *wanted != class || claim.Spec.VolumeName != "" {
			continue
		}
		name := "folder-" + string(claim.UID)
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		volume := &core.PersistentVolume{
			ObjectMeta: meta.ObjectMeta{Name: name},
			Spec: core.PersistentVolumeSpec{
				Capacity:                      claim.Spec.Resources.Requests,
				AccessModes:                   claim.Spec.AccessModes,
				PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimDelete,
				StorageClassName:              class,
				ClaimRef: &core.ObjectReference{
					APIVersion: "v1", Kind: "PersistentVolumeClaim",
					Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
				},
				// Unlike a hostPath, kubelet gives it to the pod's group.
				PersistentVolumeSource: core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: path}},
				NodeAffinity: &core.VolumeNodeAffinity{Required: &core.NodeSelector{
					NodeSelectorTerms: []core.NodeSelectorTerm{{MatchExpressions: []core.NodeSelectorRequirement{
						{Key: "kubernetes.io/hostname", Operator: core.NodeSelectorOpIn, Values: []string{node}},
					}}},
				}},
			},
		}
		_, err := client.CoreV1().PersistentVolumes().Create(ctx, volume, meta.CreateOptions{})
		if err != nil && !errors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

func reclaim(ctx context.Context, client kubernetes.Interface, folder string) error {
	volumes, err := client.CoreV1().PersistentVolumes().List(ctx, meta.ListOptions{})
	if err != nil {
		return err
	}
	for _, volume := range volumes.Items {
		over := volume.Status.Phase == core.VolumeReleased || volume.Status.Phase == core.VolumeFailed
		if volume.Spec.StorageClassName != class || !over {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, volume.Name)); err != nil {
			return err
		}
		if err := client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, meta.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}
