// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The shapes of volumes
 *
 * Every source of a pod's volume, after k8s.io/api core/v1 of Kubernetes 1.36, those of storage systems that Kubernetes
 * no longer has in its tree among them: the API still reads them.
 *
 * A volume is a name and one source. A strategic merge patch that changes the source must drop the old one, which is why
 * the list of volumes in a pod retains only the keys that the patch names.
 */
#include "apiserver/schema/table.h"

static const struct bl_schema_field key_to_path_fields[] = {
	REQ("key", STRING, "The key."),
	PTR("mode", INT32, "Permission bits of the file."),
	REQ("path", STRING, "Path of the file in the volume."),
	END,
};
static TYPE(key_to_path, CORE "KeyToPath", "The file that a key becomes.");

static const struct bl_schema_field aws_fields[] = {
	OPT("fsType", STRING, "File system."),
	OPT("partition", INT32, "Partition."),
	OPT("readOnly", BOOL, "Read-only."),
	REQ("volumeID", STRING, "Id of the disk."),
	END,
};
static TYPE(aws, CORE "AWSElasticBlockStoreVolumeSource", "A disk of AWS.");

static const struct bl_schema_field azure_disk_fields[] = {
	PTR("cachingMode", STRING, "None, ReadOnly or ReadWrite."),
	REQ("diskName", STRING, "Name of the disk."),
	REQ("diskURI", STRING, "URI of the disk."),
	PTR("fsType", STRING, "File system."),
	PTR("kind", STRING, "Shared, Dedicated or Managed."),
	PTR("readOnly", BOOL, "Read-only."),
	END,
};
static TYPE(azure_disk, CORE "AzureDiskVolumeSource", "A disk of Azure.");

static const struct bl_schema_field azure_file_fields[] = {
	OPT("readOnly", BOOL, "Read-only."),
	REQ("secretName", STRING, "Secret with the account."),
	REQ("shareName", STRING, "Name of the share."),
	END,
};
static TYPE(azure_file, CORE "AzureFileVolumeSource", "A file share of Azure.");

static const struct bl_schema_field cephfs_fields[] = {
	ROW("monitors", STRING, LIST_ATOMIC, ALWAYS, "Monitors.", REQUIRED),
	OPT("path", STRING, "Path that is mounted."),
	OPT("readOnly", BOOL, "Read-only."),
	OPT("secretFile", STRING, "File with the user's key."),
	OBJ("secretRef", bl_schema_local_reference, "Secret with the user's key."),
	OPT("user", STRING, "User."),
	END,
};
static TYPE(cephfs, CORE "CephFSVolumeSource", "A Ceph file system.");

static const struct bl_schema_field cinder_fields[] = {
	OPT("fsType", STRING, "File system."),
	OPT("readOnly", BOOL, "Read-only."),
	OBJ("secretRef", bl_schema_local_reference, "Secret with the account."),
	REQ("volumeID", STRING, "Id of the volume."),
	END,
};
static TYPE(cinder, CORE "CinderVolumeSource", "A volume of OpenStack.");

static const struct bl_schema_field config_map_fields[] = {
	PTR("defaultMode", INT32, "Permission bits of the files."),
	OBJS("items", key_to_path, "The keys that become files; empty is all."),
	OPT("name", STRING, "Name of the ConfigMap."),
	PTR("optional", BOOL, "It may be missing."),
	END,
};
static TYPE(config_map, CORE "ConfigMapVolumeSource", "The keys of a ConfigMap as files.");

static const struct bl_schema_field csi_fields[] = {
	REQ("driver", STRING, "Name of the driver."),
	PTR("fsType", STRING, "File system."),
	OBJ("nodePublishSecretRef", bl_schema_local_reference, "Secret for the driver."),
	PTR("readOnly", BOOL, "Read-only."),
	MAP("volumeAttributes", STRING, "What the driver wants to know."),
	END,
};
static TYPE(csi, CORE "CSIVolumeSource", "A volume of a CSI driver.");

static const struct bl_schema_field downward_file_fields[] = {
	OBJ("fieldRef", bl_schema_field_selector, "A field of the pod."),
	PTR("mode", INT32, "Permission bits of the file."),
	REQ("path", STRING, "Path of the file in the volume."),
	OBJ("resourceFieldRef", bl_schema_resource_field_selector, "A resource of a container."),
	END,
};
static TYPE(downward_file, CORE "DownwardAPIVolumeFile", "A file about the pod.");

static const struct bl_schema_field downward_fields[] = {
	PTR("defaultMode", INT32, "Permission bits of the files."),
	OBJS("items", downward_file, "The files."),
	END,
};
static TYPE(downward, CORE "DownwardAPIVolumeSource", "Files about the pod.");

static const struct bl_schema_field empty_dir_fields[] = {
	OPT("medium", STRING, "Empty for the node's disk, or Memory."),
	PTR("sizeLimit", QUANTITY, "The most that it may hold."),
	END,
};
static TYPE(empty_dir, CORE "EmptyDirVolumeSource", "A folder that lives as long as the pod.");

static const struct bl_schema_field typed_reference_fields[] = {
	PTR("apiGroup", STRING, "Group of the object; absent for the core group."),
	REQ("kind", STRING, "Kind of the object."),
	REQ("name", STRING, "Name of the object."),
	PTR("namespace", STRING, "Namespace of the object."),
	END,
};
static TYPE(typed_reference, CORE "TypedObjectReference", "Points at an object of any kind.");

static const struct bl_schema_field claim_resources_fields[] = {
	MAP("limits", QUANTITY, "The most."),
	MAP("requests", QUANTITY, "The least."),
	END,
};
static TYPE(claim_resources, CORE "VolumeResourceRequirements", "How large a volume is to be.");

static const struct bl_schema_field claim_spec_fields[] = {
	LIST("accessModes", STRING, "ReadWriteOnce, ReadOnlyMany and others."),
	OBJ("dataSource", bl_schema_typed_local_reference, "What it is filled from."),
	OBJ("dataSourceRef", typed_reference, "What it is filled from."),
	SUB("resources", claim_resources, "How large it is to be."),
	OBJ("selector", bl_schema_label_selector, "Volumes that come into question."),
	PTR("storageClassName", STRING, "Name of the storage class."),
	PTR("volumeAttributesClassName", STRING, "Name of the attributes class."),
	PTR("volumeMode", STRING, "Filesystem or Block."),
	OPT("volumeName", STRING, "The volume that is bound."),
	END,
};
static TYPE(claim_spec, CORE "PersistentVolumeClaimSpec", "Which volume is wanted.");

static const struct bl_schema_field claim_template_fields[] = {
	SUB("metadata", bl_schema_object_meta, "Labels and annotations of the claim."),
	SUB("spec", claim_spec, "Which volume is wanted.", REQUIRED),
	END,
};
static TYPE(claim_template, CORE "PersistentVolumeClaimTemplate", "A claim to be made.");

static const struct bl_schema_field ephemeral_fields[] = {
	OBJ("volumeClaimTemplate", claim_template, "The claim that is made for the pod."),
	END,
};
static TYPE(ephemeral, CORE "EphemeralVolumeSource", "A volume made for the pod.");

static const struct bl_schema_field fc_fields[] = {
	OPT("fsType", STRING, "File system."),
	PTR("lun", INT32, "Logical unit."),
	OPT("readOnly", BOOL, "Read-only."),
	LIST("targetWWNs", STRING, "World wide names of the target."),
	LIST("wwids", STRING, "World wide ids of the volume."),
	END,
};
static TYPE(fc, CORE "FCVolumeSource", "A Fibre Channel volume.");

static const struct bl_schema_field flex_fields[] = {
	REQ("driver", STRING, "Name of the driver."),
	OPT("fsType", STRING, "File system."),
	MAP("options", STRING, "What the driver wants to know."),
	OPT("readOnly", BOOL, "Read-only."),
	OBJ("secretRef", bl_schema_local_reference, "Secret for the driver."),
	END,
};
static TYPE(flex, CORE "FlexVolumeSource", "A volume of an exec driver.");

static const struct bl_schema_field flocker_fields[] = {
	OPT("datasetName", STRING, "Name of the dataset."),
	OPT("datasetUUID", STRING, "UUID of the dataset."),
	END,
};
static TYPE(flocker, CORE "FlockerVolumeSource", "A Flocker dataset.");

static const struct bl_schema_field gce_fields[] = {
	OPT("fsType", STRING, "File system."),
	OPT("partition", INT32, "Partition."),
	REQ("pdName", STRING, "Name of the disk."),
	OPT("readOnly", BOOL, "Read-only."),
	END,
};
static TYPE(gce, CORE "GCEPersistentDiskVolumeSource", "A disk of Google Cloud.");

static const struct bl_schema_field git_fields[] = {
	OPT("directory", STRING, "Target folder."),
	REQ("repository", STRING, "URL of the repository."),
	OPT("revision", STRING, "Commit."),
	END,
};
static TYPE(git, CORE "GitRepoVolumeSource", "A git repository; deprecated.");

static const struct bl_schema_field gluster_fields[] = {
	REQ("endpoints", STRING, "Endpoints object with the servers."),
	REQ("path", STRING, "Name of the volume."),
	OPT("readOnly", BOOL, "Read-only."),
	END,
};
static TYPE(gluster, CORE "GlusterfsVolumeSource", "A Glusterfs volume.");

static const struct bl_schema_field host_path_fields[] = {
	REQ("path", STRING, "Path on the node."),
	PTR("type", STRING, "What must be there: Directory, FileOrCreate and others."),
	END,
};
static TYPE(host_path, CORE "HostPathVolumeSource", "A file or folder of the node.");

static const struct bl_schema_field image_fields[] = {
	OPT("pullPolicy", STRING, "Always, Never or IfNotPresent."),
	OPT("reference", STRING, "Name of the image."),
	END,
};
static TYPE(image, CORE "ImageVolumeSource", "An OCI image or artifact.");

static const struct bl_schema_field iscsi_fields[] = {
	OPT("chapAuthDiscovery", BOOL, "CHAP for discovery."),
	OPT("chapAuthSession", BOOL, "CHAP for the session."),
	OPT("fsType", STRING, "File system."),
	PTR("initiatorName", STRING, "Name of the initiator."),
	REQ("iqn", STRING, "Name of the target."),
	OPT("iscsiInterface", STRING, "Interface."),
	REQ("lun", INT32, "Logical unit."),
	LIST("portals", STRING, "Further portals."),
	OPT("readOnly", BOOL, "Read-only."),
	OBJ("secretRef", bl_schema_local_reference, "Secret for CHAP."),
	REQ("targetPortal", STRING, "Address of the portal."),
	END,
};
static TYPE(iscsi, CORE "ISCSIVolumeSource", "An iSCSI volume.");

static const struct bl_schema_field nfs_fields[] = {
	REQ("path", STRING, "Exported path."),
	OPT("readOnly", BOOL, "Read-only."),
	REQ("server", STRING, "Address of the server."),
	END,
};
static TYPE(nfs, CORE "NFSVolumeSource", "An NFS export.");

static const struct bl_schema_field pvc_fields[] = {
	REQ("claimName", STRING, "Name of the claim."),
	OPT("readOnly", BOOL, "Read-only."),
	END,
};
static TYPE(pvc, CORE "PersistentVolumeClaimVolumeSource", "The volume of a claim.");

static const struct bl_schema_field photon_fields[] = {
	OPT("fsType", STRING, "File system."),
	REQ("pdID", STRING, "Id of the disk."),
	END,
};
static TYPE(photon, CORE "PhotonPersistentDiskVolumeSource", "A disk of Photon.");

static const struct bl_schema_field portworx_fields[] = {
	OPT("fsType", STRING, "File system."),
	OPT("readOnly", BOOL, "Read-only."),
	REQ("volumeID", STRING, "Id of the volume."),
	END,
};
static TYPE(portworx, CORE "PortworxVolumeSource", "A Portworx volume.");

static const struct bl_schema_field trust_bundle_fields[] = {
	OBJ("labelSelector", bl_schema_label_selector, "Bundles of the signer."),
	PTR("name", STRING, "Name of one bundle."),
	PTR("optional", BOOL, "It may be missing."),
	REQ("path", STRING, "Path of the file in the volume."),
	PTR("signerName", STRING, "Name of the signer."),
	END,
};
static TYPE(trust_bundle, CORE "ClusterTrustBundleProjection", "Certificates to trust.");

static const struct bl_schema_field config_map_part_fields[] = {
	OBJS("items", key_to_path, "The keys that become files; empty is all."),
	OPT("name", STRING, "Name of the ConfigMap."),
	PTR("optional", BOOL, "It may be missing."),
	END,
};
static TYPE(config_map_part, CORE "ConfigMapProjection", "The keys of a ConfigMap as files.");

static const struct bl_schema_field downward_part_fields[] = {
	OBJS("items", downward_file, "The files."),
	END,
};
static TYPE(downward_part, CORE "DownwardAPIProjection", "Files about the pod.");

static const struct bl_schema_field certificate_part_fields[] = {
	OPT("certificateChainPath", STRING, "File for the certificates."),
	OPT("credentialBundlePath", STRING, "File for key and certificates."),
	OPT("keyPath", STRING, "File for the key."),
	OPT("keyType", STRING, "Type of the key: ED25519, RSA4096 and others."),
	PTR("maxExpirationSeconds", INT32, "Longest life of the certificate."),
	OPT("signerName", STRING, "Name of the signer."),
	MAP("userAnnotations", STRING, "What the signer wants to know."),
	END,
};
static TYPE(certificate_part, CORE "PodCertificateProjection", "A certificate for the pod.");

static const struct bl_schema_field secret_part_fields[] = {
	OBJS("items", key_to_path, "The keys that become files; empty is all."),
	OPT("name", STRING, "Name of the Secret."),
	PTR("optional", BOOL, "It may be missing."),
	END,
};
static TYPE(secret_part, CORE "SecretProjection", "The keys of a Secret as files.");

static const struct bl_schema_field token_part_fields[] = {
	OPT("audience", STRING, "Who the token is for."),
	PTR("expirationSeconds", INT64, "Life of the token."),
	REQ("path", STRING, "Path of the file in the volume."),
	END,
};
static TYPE(token_part, CORE "ServiceAccountTokenProjection", "A token of the service account.");

static const struct bl_schema_field projection_fields[] = {
	OBJ("clusterTrustBundle", trust_bundle, "Certificates to trust."),
	OBJ("configMap", config_map_part, "The keys of a ConfigMap."),
	OBJ("downwardAPI", downward_part, "Files about the pod."),
	OBJ("podCertificate", certificate_part, "A certificate for the pod."),
	OBJ("secret", secret_part, "The keys of a Secret."),
	OBJ("serviceAccountToken", token_part, "A token of the service account."),
	END,
};
static TYPE(projection, CORE "VolumeProjection", "One source of a projected volume.");

static const struct bl_schema_field projected_fields[] = {
	PTR("defaultMode", INT32, "Permission bits of the files."),
	ROW("sources", OBJECT, LIST_ATOMIC, ALWAYS, "The sources.", OF(projection)),
	END,
};
static TYPE(projected, CORE "ProjectedVolumeSource", "Several sources in one folder.");

static const struct bl_schema_field quobyte_fields[] = {
	OPT("group", STRING, "Group."),
	OPT("readOnly", BOOL, "Read-only."),
	REQ("registry", STRING, "Addresses of the registry."),
	OPT("tenant", STRING, "Tenant."),
	OPT("user", STRING, "User."),
	REQ("volume", STRING, "Name of the volume."),
	END,
};
static TYPE(quobyte, CORE "QuobyteVolumeSource", "A Quobyte volume.");

static const struct bl_schema_field rbd_fields[] = {
	OPT("fsType", STRING, "File system."),
	REQ("image", STRING, "Name of the image."),
	OPT("keyring", STRING, "Path of the keyring."),
	ROW("monitors", STRING, LIST_ATOMIC, ALWAYS, "Monitors.", REQUIRED),
	OPT("pool", STRING, "Pool."),
	OPT("readOnly", BOOL, "Read-only."),
	OBJ("secretRef", bl_schema_local_reference, "Secret with the user's key."),
	OPT("user", STRING, "User."),
	END,
};
static TYPE(rbd, CORE "RBDVolumeSource", "A Ceph block device.");

static const struct bl_schema_field scale_io_fields[] = {
	OPT("fsType", STRING, "File system."),
	REQ("gateway", STRING, "Address of the gateway."),
	OPT("protectionDomain", STRING, "Protection domain."),
	OPT("readOnly", BOOL, "Read-only."),
	ROW("secretRef", OBJECT, ONE, ALWAYS, "Secret with the account.",
	    OF(bl_schema_local_reference), REQUIRED),
	OPT("sslEnabled", BOOL, "The gateway speaks TLS."),
	OPT("storageMode", STRING, "ThickProvisioned or ThinProvisioned."),
	OPT("storagePool", STRING, "Storage pool."),
	REQ("system", STRING, "Name of the system."),
	OPT("volumeName", STRING, "Name of the volume."),
	END,
};
static TYPE(scale_io, CORE "ScaleIOVolumeSource", "A ScaleIO volume.");

static const struct bl_schema_field secret_fields[] = {
	PTR("defaultMode", INT32, "Permission bits of the files."),
	OBJS("items", key_to_path, "The keys that become files; empty is all."),
	PTR("optional", BOOL, "It may be missing."),
	OPT("secretName", STRING, "Name of the Secret."),
	END,
};
static TYPE(secret, CORE "SecretVolumeSource", "The keys of a Secret as files.");

static const struct bl_schema_field storage_os_fields[] = {
	OPT("fsType", STRING, "File system."),
	OPT("readOnly", BOOL, "Read-only."),
	OBJ("secretRef", bl_schema_local_reference, "Secret with the account."),
	OPT("volumeName", STRING, "Name of the volume."),
	OPT("volumeNamespace", STRING, "Namespace of the volume."),
	END,
};
static TYPE(storage_os, CORE "StorageOSVolumeSource", "A StorageOS volume.");

static const struct bl_schema_field vsphere_fields[] = {
	OPT("fsType", STRING, "File system."),
	OPT("storagePolicyID", STRING, "Id of the storage policy."),
	OPT("storagePolicyName", STRING, "Name of the storage policy."),
	REQ("volumePath", STRING, "Path of the disk."),
	END,
};
static TYPE(vsphere, CORE "VsphereVirtualDiskVolumeSource", "A disk of vSphere.");

static const struct bl_schema_field bl_schema_volume_fields[] = {
	OBJ("awsElasticBlockStore", aws, "A disk of AWS."),
	OBJ("azureDisk", azure_disk, "A disk of Azure."),
	OBJ("azureFile", azure_file, "A file share of Azure."),
	OBJ("cephfs", cephfs, "A Ceph file system."),
	OBJ("cinder", cinder, "A volume of OpenStack."),
	OBJ("configMap", config_map, "The keys of a ConfigMap as files."),
	OBJ("csi", csi, "A volume of a CSI driver."),
	OBJ("downwardAPI", downward, "Files about the pod."),
	OBJ("emptyDir", empty_dir, "A folder that lives as long as the pod."),
	OBJ("ephemeral", ephemeral, "A volume made for the pod."),
	OBJ("fc", fc, "A Fibre Channel volume."),
	OBJ("flexVolume", flex, "A volume of an exec driver."),
	OBJ("flocker", flocker, "A Flocker dataset."),
	OBJ("gcePersistentDisk", gce, "A disk of Google Cloud."),
	OBJ("gitRepo", git, "A git repository; deprecated."),
	OBJ("glusterfs", gluster, "A Glusterfs volume."),
	OBJ("hostPath", host_path, "A file or folder of the node."),
	OBJ("image", image, "An OCI image or artifact."),
	OBJ("iscsi", iscsi, "An iSCSI volume."),
	REQ("name", STRING, "Name by which containers mount it."),
	OBJ("nfs", nfs, "An NFS export."),
	OBJ("persistentVolumeClaim", pvc, "The volume of a claim."),
	OBJ("photonPersistentDisk", photon, "A disk of Photon."),
	OBJ("portworxVolume", portworx, "A Portworx volume."),
	OBJ("projected", projected, "Several sources in one folder."),
	OBJ("quobyte", quobyte, "A Quobyte volume."),
	OBJ("rbd", rbd, "A Ceph block device."),
	OBJ("scaleIO", scale_io, "A ScaleIO volume."),
	OBJ("secret", secret, "The keys of a Secret as files."),
	OBJ("storageos", storage_os, "A StorageOS volume."),
	OBJ("vsphereVolume", vsphere, "A disk of vSphere."),
	END,
};
TYPE(bl_schema_volume, CORE "Volume", "A volume of a pod: a name and one source.");
