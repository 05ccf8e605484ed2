#pragma once
// The fields of the typed kinds. One line a structure: "Name: field:type …". No type means string; i int32, l int64, b
// bool, q quantity, x int or string, n number, t time, any (not looked into), or a structure's name; []T a list, {}T a
// map with string keys. Source: the API reference of Kubernetes 1.34
// (https://kubernetes.io/docs/reference/kubernetes-api/).

#include <string_view>

namespace wavetank::model {

inline constexpr std::string_view kSchemaText = R"(
Other: metadata:ObjectMeta
Namespace: apiVersion kind metadata:ObjectMeta spec:NamespaceSpec status:any
Node: apiVersion kind metadata:ObjectMeta spec:NodeSpec status:NodeStatus
Pod: apiVersion kind metadata:ObjectMeta spec:PodSpec status:PodStatus
ReplicaSet: apiVersion kind metadata:ObjectMeta spec:ReplicaSetSpec status:any
Deployment: apiVersion kind metadata:ObjectMeta spec:DeploymentSpec status:any
Service: apiVersion kind metadata:ObjectMeta spec:ServiceSpec status:any
EndpointSlice: apiVersion kind metadata:ObjectMeta addressType endpoints:[]Endpoint ports:[]EndpointPort
PodDisruptionBudget: apiVersion kind metadata:ObjectMeta spec:PodDisruptionBudgetSpec status:any
PriorityClass: apiVersion kind metadata:ObjectMeta value:i globalDefault:b description preemptionPolicy
ServiceAccount: apiVersion kind metadata:ObjectMeta secrets:[]ObjectReference imagePullSecrets:[]LocalObjectReference automountServiceAccountToken:b
ConfigMap: apiVersion kind metadata:ObjectMeta data:{}s binaryData:{}s immutable:b
Secret: apiVersion kind metadata:ObjectMeta data:{}s stringData:{}s type immutable:b
PersistentVolume: apiVersion kind metadata:ObjectMeta spec:PersistentVolumeSpec status:PersistentVolumeStatus
PersistentVolumeClaim: apiVersion kind metadata:ObjectMeta spec:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus
StorageClass: apiVersion kind metadata:ObjectMeta provisioner parameters:{}s reclaimPolicy mountOptions:[]s allowVolumeExpansion:b volumeBindingMode allowedTopologies:[]TopologySelectorTerm
CSINode: apiVersion kind metadata:ObjectMeta spec:CSINodeSpec
StatefulSet: apiVersion kind metadata:ObjectMeta spec:StatefulSetSpec status:any
DaemonSet: apiVersion kind metadata:ObjectMeta spec:DaemonSetSpec status:any
ControllerRevision: apiVersion kind metadata:ObjectMeta data:any revision:l
Job: apiVersion kind metadata:ObjectMeta spec:JobSpec status:any
CronJob: apiVersion kind metadata:ObjectMeta spec:CronJobSpec status:any
HorizontalPodAutoscaler: apiVersion kind metadata:ObjectMeta spec:HorizontalPodAutoscalerSpec status:any
VerticalPodAutoscaler: apiVersion kind metadata:ObjectMeta spec:VerticalPodAutoscalerSpec status:any
ResourceQuota: apiVersion kind metadata:ObjectMeta spec:ResourceQuotaSpec status:any
LimitRange: apiVersion kind metadata:ObjectMeta spec:LimitRangeSpec
RuntimeClass: apiVersion kind metadata:ObjectMeta handler overhead:RuntimeClassOverhead scheduling:RuntimeClassScheduling
Ingress: apiVersion kind metadata:ObjectMeta spec:IngressSpec status:any
IngressClass: apiVersion kind metadata:ObjectMeta spec:IngressClassSpec
VolumeAttachment: apiVersion kind metadata:ObjectMeta spec:VolumeAttachmentSpec status:any

ObjectMeta: name generateName namespace selfLink uid resourceVersion generation:l creationTimestamp:t deletionTimestamp:t deletionGracePeriodSeconds:l labels:{}s annotations:{}s ownerReferences:[]OwnerReference finalizers:[]s managedFields:any
OwnerReference: apiVersion kind name uid controller:b blockOwnerDeletion:b
LabelSelector: matchLabels:{}s matchExpressions:[]LabelSelectorRequirement
LabelSelectorRequirement: key operator values:[]s
LocalObjectReference: name
ObjectReference: apiVersion kind name namespace uid resourceVersion fieldPath

NamespaceSpec: finalizers:[]s

NodeSpec: podCIDR podCIDRs:[]s providerID unschedulable:b taints:[]Taint configSource:any externalID
Taint: key value effect timeAdded:t
NodeStatus: capacity:{}q allocatable:{}q phase conditions:[]NodeCondition addresses:any daemonEndpoints:any nodeInfo:any images:[]ContainerImage volumesInUse:[]s volumesAttached:any config:any runtimeHandlers:any features:any declaredFeatures:any
NodeCondition: type status reason message lastHeartbeatTime lastTransitionTime
ContainerImage: names:[]s sizeBytes:l

PodStatus: phase nominatedNodeName conditions:any message reason hostIP hostIPs:any podIP podIPs:any startTime initContainerStatuses:any containerStatuses:any ephemeralContainerStatuses:any qosClass resize resourceClaimStatuses:any observedGeneration:l extendedResourceClaimStatus:any allocatedResources:any resources:any
PodTemplateSpec: metadata:ObjectMeta spec:PodSpec
PodSpec: volumes:[]Volume initContainers:[]Container containers:[]Container ephemeralContainers:[]Container restartPolicy terminationGracePeriodSeconds:l activeDeadlineSeconds:l dnsPolicy nodeSelector:{}s serviceAccountName serviceAccount automountServiceAccountToken:b nodeName hostNetwork:b hostPID:b hostIPC:b shareProcessNamespace:b securityContext:PodSecurityContext imagePullSecrets:[]LocalObjectReference hostname subdomain affinity:Affinity schedulerName tolerations:[]Toleration hostAliases:[]HostAlias priorityClassName priority:i dnsConfig:PodDNSConfig readinessGates:[]PodReadinessGate runtimeClassName enableServiceLinks:b preemptionPolicy overhead:{}q topologySpreadConstraints:[]TopologySpreadConstraint setHostnameAsFQDN:b os:PodOS hostUsers:b schedulingGates:[]PodSchedulingGate resourceClaims:[]PodResourceClaim resources:ResourceRequirements hostnameOverride workloadRef:any
HostAlias: ip hostnames:[]s
PodDNSConfig: nameservers:[]s searches:[]s options:[]PodDNSConfigOption
PodDNSConfigOption: name value
PodOS: name
PodResourceClaim: name resourceClaimName resourceClaimTemplateName
PodReadinessGate: conditionType
PodSchedulingGate: name
PodSecurityContext: seLinuxOptions:SELinuxOptions windowsOptions:WindowsSecurityContextOptions runAsUser:l runAsGroup:l runAsNonRoot:b supplementalGroups:[]l supplementalGroupsPolicy fsGroup:l sysctls:[]Sysctl fsGroupChangePolicy seccompProfile:SecurityProfile appArmorProfile:SecurityProfile seLinuxChangePolicy
SELinuxOptions: user role type level
WindowsSecurityContextOptions: gmsaCredentialSpecName gmsaCredentialSpec runAsUserName hostProcess:b
Sysctl: name value
SecurityProfile: type localhostProfile
Capabilities: add:[]s drop:[]s
Container: name image command:[]s args:[]s workingDir ports:[]ContainerPort envFrom:[]EnvFromSource env:[]EnvVar resources:ResourceRequirements resizePolicy:[]ContainerResizePolicy restartPolicy restartPolicyRules:any volumeMounts:[]VolumeMount volumeDevices:[]VolumeDevice livenessProbe:Probe readinessProbe:Probe startupProbe:Probe lifecycle:Lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext:SecurityContext stdin:b stdinOnce:b tty:b targetContainerName
ContainerResizePolicy: resourceName restartPolicy
ContainerPort: name hostPort:i containerPort:i protocol hostIP
EnvFromSource: prefix configMapRef:EnvSourceRef secretRef:EnvSourceRef
EnvSourceRef: name optional:b
EnvVar: name value valueFrom:EnvVarSource
EnvVarSource: fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector configMapKeyRef:KeySelector secretKeyRef:KeySelector fileKeyRef:any
ObjectFieldSelector: apiVersion fieldPath
ResourceFieldSelector: containerName resource divisor:q
KeySelector: name key optional:b
ResourceRequirements: limits:{}q requests:{}q claims:[]ResourceClaim
ResourceClaim: name request
VolumeDevice: name devicePath
VolumeMount: name readOnly:b recursiveReadOnly mountPath subPath mountPropagation subPathExpr
SecurityContext: capabilities:Capabilities privileged:b seLinuxOptions:SELinuxOptions windowsOptions:WindowsSecurityContextOptions runAsUser:l runAsGroup:l runAsNonRoot:b readOnlyRootFilesystem:b allowPrivilegeEscalation:b procMount seccompProfile:SecurityProfile appArmorProfile:SecurityProfile
Probe: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction grpc:GRPCAction initialDelaySeconds:i timeoutSeconds:i periodSeconds:i successThreshold:i failureThreshold:i terminationGracePeriodSeconds:l
Lifecycle: postStart:LifecycleHandler preStop:LifecycleHandler stopSignal
LifecycleHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction sleep:SleepAction
ExecAction: command:[]s
HTTPGetAction: path port:x host scheme httpHeaders:[]HTTPHeader
HTTPHeader: name value
TCPSocketAction: port:x host
GRPCAction: port:i service
SleepAction: seconds:l
Volume: name hostPath:HostPath emptyDir:EmptyDirVolumeSource gitRepo:GitRepo secret:SecretVolumeSource nfs:Nfs glusterfs:any persistentVolumeClaim:ClaimVolumeSource flexVolume:any cephfs:Cephfs flocker:any downwardAPI:DownwardAPIVolumeSource fc:Fc configMap:ConfigMapVolumeSource quobyte:any photonPersistentDisk:any projected:ProjectedVolumeSource scaleIO:any storageos:any csi:CSIVolumeSource ephemeral:EphemeralVolumeSource image:ImageVolumeSource gcePersistentDisk:GcePersistentDisk awsElasticBlockStore:AwsElasticBlockStore iscsi:Iscsi rbd:Rbd cinder:Cinder azureFile:AzureFile vsphereVolume:VsphereVolume azureDisk:AzureDisk portworxVolume:PortworxVolume
EphemeralVolumeSource: volumeClaimTemplate:VolumeClaimTemplate
VolumeClaimTemplate: metadata:ObjectMeta spec:PersistentVolumeClaimSpec
GcePersistentDisk: pdName fsType partition:i readOnly:b
AwsElasticBlockStore: volumeID fsType partition:i readOnly:b
Iscsi: targetPortal iqn lun:i iscsiInterface fsType readOnly:b portals:[]s chapAuthDiscovery:b chapAuthSession:b secretRef:any initiatorName
Rbd: monitors:[]s image fsType pool user keyring secretRef:any readOnly:b
Cinder: volumeID fsType readOnly:b secretRef:any
AzureFile: secretName shareName readOnly:b secretNamespace
VsphereVolume: volumePath fsType storagePolicyName storagePolicyID
AzureDisk: diskName diskURI cachingMode fsType readOnly:b kind
PortworxVolume: volumeID fsType readOnly:b
HostPath: path type
GitRepo: repository revision directory
Nfs: server path readOnly:b
Cephfs: monitors:[]s path user secretFile secretRef:any readOnly:b
Fc: targetWWNs:[]s lun:i fsType readOnly:b wwids:[]s
CSIVolumeSource: driver readOnly:b fsType volumeAttributes:{}s nodePublishSecretRef:LocalObjectReference
ImageVolumeSource: reference pullPolicy
KeyToPath: key path mode:i
DownwardAPIVolumeSource: items:[]DownwardAPIVolumeFile defaultMode:i
DownwardAPIVolumeFile: path fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector mode:i
ProjectedVolumeSource: sources:[]VolumeProjection defaultMode:i
VolumeProjection: secret:KeyProjection configMap:KeyProjection downwardAPI:DownwardAPIProjection serviceAccountToken:ServiceAccountTokenProjection clusterTrustBundle:ClusterTrustBundleProjection podCertificate:any
KeyProjection: name items:[]KeyToPath optional:b
DownwardAPIProjection: items:[]DownwardAPIVolumeFile
ServiceAccountTokenProjection: audience expirationSeconds:l path
ClusterTrustBundleProjection: name signerName labelSelector:LabelSelector optional:b path
EmptyDirVolumeSource: medium sizeLimit:q
SecretVolumeSource: secretName items:[]KeyToPath defaultMode:i optional:b
ConfigMapVolumeSource: name items:[]KeyToPath defaultMode:i optional:b
ClaimVolumeSource: claimName readOnly:b

Affinity: nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution:NodeSelector preferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
NodeSelector: nodeSelectorTerms:[]NodeSelectorTerm
NodeSelectorTerm: matchExpressions:[]LabelSelectorRequirement matchFields:[]LabelSelectorRequirement
PreferredSchedulingTerm: weight:i preference:NodeSelectorTerm
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
PodAffinityTerm: labelSelector:LabelSelector namespaces:[]s topologyKey namespaceSelector:LabelSelector matchLabelKeys:[]s mismatchLabelKeys:[]s
WeightedPodAffinityTerm: weight:i podAffinityTerm:PodAffinityTerm
Toleration: key operator value effect tolerationSeconds:l
TopologySpreadConstraint: maxSkew:i topologyKey whenUnsatisfiable labelSelector:LabelSelector minDomains:i nodeAffinityPolicy nodeTaintsPolicy matchLabelKeys:[]s

ReplicaSetSpec: replicas:i minReadySeconds:i selector:LabelSelector template:PodTemplateSpec
DeploymentSpec: replicas:i selector:LabelSelector template:PodTemplateSpec strategy:DeploymentStrategy minReadySeconds:i revisionHistoryLimit:i paused:b progressDeadlineSeconds:i
DeploymentStrategy: type rollingUpdate:RollingUpdateDeployment
RollingUpdateDeployment: maxUnavailable:x maxSurge:x
StatefulSetSpec: replicas:i selector:LabelSelector template:PodTemplateSpec volumeClaimTemplates:[]ClaimTemplate serviceName podManagementPolicy updateStrategy:StatefulSetUpdateStrategy revisionHistoryLimit:i minReadySeconds:i persistentVolumeClaimRetentionPolicy:ClaimRetentionPolicy ordinals:StatefulSetOrdinals
ClaimTemplate: apiVersion kind metadata:ObjectMeta spec:PersistentVolumeClaimSpec status:any
StatefulSetUpdateStrategy: type rollingUpdate:RollingUpdateStatefulSet
RollingUpdateStatefulSet: partition:i maxUnavailable:x
ClaimRetentionPolicy: whenDeleted whenScaled
StatefulSetOrdinals: start:i
DaemonSetSpec: selector:LabelSelector template:PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy minReadySeconds:i revisionHistoryLimit:i
DaemonSetUpdateStrategy: type rollingUpdate:RollingUpdateDaemonSet
RollingUpdateDaemonSet: maxUnavailable:x maxSurge:x

JobSpec: parallelism:i completions:i activeDeadlineSeconds:l podFailurePolicy:PodFailurePolicy successPolicy:SuccessPolicy backoffLimit:i backoffLimitPerIndex:i maxFailedIndexes:i selector:LabelSelector manualSelector:b template:PodTemplateSpec ttlSecondsAfterFinished:i completionMode suspend:b podReplacementPolicy managedBy
PodFailurePolicy: rules:[]PodFailurePolicyRule
PodFailurePolicyRule: action onExitCodes:PodFailurePolicyOnExitCodes onPodConditions:[]PodFailurePolicyOnPodCondition
PodFailurePolicyOnExitCodes: containerName operator values:[]i
PodFailurePolicyOnPodCondition: type status
SuccessPolicy: rules:[]SuccessPolicyRule
SuccessPolicyRule: succeededIndexes succeededCount:i
CronJobSpec: schedule timeZone startingDeadlineSeconds:l concurrencyPolicy suspend:b jobTemplate:JobTemplateSpec successfulJobsHistoryLimit:i failedJobsHistoryLimit:i
JobTemplateSpec: metadata:ObjectMeta spec:JobSpec

HorizontalPodAutoscalerSpec: scaleTargetRef:CrossVersionObjectReference minReplicas:i maxReplicas:i targetCPUUtilizationPercentage:i metrics:[]MetricSpec behavior:HorizontalPodAutoscalerBehavior
CrossVersionObjectReference: apiVersion kind name
MetricSpec: type object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource containerResource:ContainerResourceMetricSource external:ExternalMetricSource
ObjectMetricSource: describedObject:CrossVersionObjectReference target:MetricTarget metric:MetricIdentifier
PodsMetricSource: metric:MetricIdentifier target:MetricTarget
ResourceMetricSource: name target:MetricTarget
ContainerResourceMetricSource: name container target:MetricTarget
ExternalMetricSource: metric:MetricIdentifier target:MetricTarget
MetricIdentifier: name selector:LabelSelector
MetricTarget: type value:q averageValue:q averageUtilization:i
HorizontalPodAutoscalerBehavior: scaleUp:HPAScalingRules scaleDown:HPAScalingRules
HPAScalingRules: stabilizationWindowSeconds:i selectPolicy policies:[]HPAScalingPolicy tolerance:q
HPAScalingPolicy: type value:i periodSeconds:i
VerticalPodAutoscalerSpec: targetRef:CrossVersionObjectReference updatePolicy:PodUpdatePolicy resourcePolicy:PodResourcePolicy recommenders:[]VPARecommender
VPARecommender: name
PodUpdatePolicy: updateMode minReplicas:i evictionRequirements:any
PodResourcePolicy: containerPolicies:[]ContainerResourcePolicy
ContainerResourcePolicy: containerName mode minAllowed:{}q maxAllowed:{}q controlledResources:[]s controlledValues

ResourceQuotaSpec: hard:{}q scopes:[]s scopeSelector:ScopeSelector
ScopeSelector: matchExpressions:[]ScopedResourceSelectorRequirement
ScopedResourceSelectorRequirement: scopeName operator values:[]s
LimitRangeSpec: limits:[]LimitRangeItem
LimitRangeItem: type max:{}q min:{}q default:{}q defaultRequest:{}q maxLimitRequestRatio:{}q
RuntimeClassOverhead: podFixed:{}q
RuntimeClassScheduling: nodeSelector:{}s tolerations:[]Toleration

IngressSpec: ingressClassName defaultBackend:IngressBackend tls:[]IngressTLS rules:[]IngressRule
IngressBackend: service:IngressServiceBackend resource:any
IngressServiceBackend: name port:ServiceBackendPort
ServiceBackendPort: name number:i
IngressTLS: hosts:[]s secretName
IngressRule: host http:HTTPIngressRuleValue
HTTPIngressRuleValue: paths:[]HTTPIngressPath
HTTPIngressPath: path pathType backend:IngressBackend
IngressClassSpec: controller parameters:any
VolumeAttachmentSpec: attacher source:VolumeAttachmentSource nodeName
VolumeAttachmentSource: persistentVolumeName inlineVolumeSpec:any

ServiceSpec: ports:[]ServicePort selector:{}s clusterIP clusterIPs:[]s type externalIPs:[]s sessionAffinity loadBalancerIP loadBalancerSourceRanges:[]s externalName externalTrafficPolicy healthCheckNodePort:i publishNotReadyAddresses:b sessionAffinityConfig:SessionAffinityConfig ipFamilies:[]s ipFamilyPolicy allocateLoadBalancerNodePorts:b loadBalancerClass internalTrafficPolicy trafficDistribution
SessionAffinityConfig: clientIP:ClientIPConfig
ClientIPConfig: timeoutSeconds:i
ServicePort: name protocol appProtocol port:i targetPort:x nodePort:i
Endpoint: addresses:[]s conditions:any hostname targetRef:ObjectReference deprecatedTopology:{}s nodeName zone hints:any
EndpointPort: name protocol port:i appProtocol

PersistentVolumeSpec: capacity:{}q accessModes:[]s claimRef:ObjectReference persistentVolumeReclaimPolicy storageClassName mountOptions:[]s volumeMode nodeAffinity:VolumeNodeAffinity volumeAttributesClassName hostPath:HostPath nfs:Nfs glusterfs:any cephfs:Cephfs fc:Fc flexVolume:any flocker:any quobyte:any photonPersistentDisk:any scaleIO:any local:LocalVolume storageos:any csi:CSIPersistentVolume gcePersistentDisk:GcePersistentDisk awsElasticBlockStore:AwsElasticBlockStore iscsi:Iscsi rbd:Rbd cinder:Cinder azureFile:AzureFile vsphereVolume:VsphereVolume azureDisk:AzureDisk portworxVolume:PortworxVolume
PersistentVolumeStatus: phase message reason lastPhaseTransitionTime
VolumeNodeAffinity: required:NodeSelector
LocalVolume: path fsType
CSIPersistentVolume: driver volumeHandle readOnly:b fsType volumeAttributes:{}s controllerPublishSecretRef:any nodeStageSecretRef:any nodePublishSecretRef:any controllerExpandSecretRef:any nodeExpandSecretRef:any
PersistentVolumeClaimSpec: accessModes:[]s selector:LabelSelector resources:ResourceRequirements volumeName storageClassName volumeMode dataSource:any dataSourceRef:any volumeAttributesClassName
PersistentVolumeClaimStatus: phase accessModes:[]s capacity:{}q conditions:any allocatedResources:any allocatedResourceStatuses:any currentVolumeAttributesClassName modifyVolumeStatus:any
TopologySelectorTerm: matchLabelExpressions:[]TopologySelectorLabelRequirement
TopologySelectorLabelRequirement: key values:[]s
CSINodeSpec: drivers:[]CSINodeDriver
CSINodeDriver: name nodeID topologyKeys:[]s allocatable:VolumeNodeResources
VolumeNodeResources: count:i

PodDisruptionBudgetSpec: minAvailable:x selector:LabelSelector maxUnavailable:x unhealthyPodEvictionPolicy

KubeSchedulerConfiguration: apiVersion kind parallelism:i leaderElection:LeaderElectionConfiguration clientConnection:ClientConnectionConfiguration enableProfiling:b enableContentionProfiling:b percentageOfNodesToScore:i podInitialBackoffSeconds:l podMaxBackoffSeconds:l profiles:[]KubeSchedulerProfile extenders:[]any delayCacheUntilActive:b
LeaderElectionConfiguration: leaderElect:b leaseDuration renewDeadline retryPeriod resourceLock resourceName resourceNamespace
ClientConnectionConfiguration: kubeconfig acceptContentTypes contentType qps:n burst:i
KubeSchedulerProfile: schedulerName percentageOfNodesToScore:i plugins:SchedulerPlugins pluginConfig:[]SchedulerPluginConfig
SchedulerPlugins: multiPoint:SchedulerPluginSet preEnqueue:SchedulerPluginSet queueSort:SchedulerPluginSet preFilter:SchedulerPluginSet filter:SchedulerPluginSet postFilter:SchedulerPluginSet preScore:SchedulerPluginSet score:SchedulerPluginSet reserve:SchedulerPluginSet permit:SchedulerPluginSet preBind:SchedulerPluginSet bind:SchedulerPluginSet postBind:SchedulerPluginSet
SchedulerPluginSet: enabled:[]SchedulerPlugin disabled:[]SchedulerPlugin
SchedulerPlugin: name weight:i
SchedulerPluginConfig: name args:any
DefaultPreemptionArgs: apiVersion kind minCandidateNodesPercentage:i minCandidateNodesAbsolute:i
DynamicResourcesArgs: apiVersion kind filterTimeout
InterPodAffinityArgs: apiVersion kind hardPodAffinityWeight:i ignorePreferredTermsOfExistingPods:b
NodeAffinityArgs: apiVersion kind addedAffinity:NodeAffinity
NodeResourcesBalancedAllocationArgs: apiVersion kind resources:[]ResourceSpec
NodeResourcesFitArgs: apiVersion kind ignoredResources:[]s ignoredResourceGroups:[]s scoringStrategy:ScoringStrategy
PodTopologySpreadArgs: apiVersion kind defaultConstraints:[]TopologySpreadConstraint defaultingType
VolumeBindingArgs: apiVersion kind bindTimeoutSeconds:l shape:[]UtilizationShapePoint
ScoringStrategy: type resources:[]ResourceSpec requestedToCapacityRatio:RequestedToCapacityRatioParam
RequestedToCapacityRatioParam: shape:[]UtilizationShapePoint
UtilizationShapePoint: utilization:i score:i
ResourceSpec: name weight:l
)";

}  // namespace wavetank::model
