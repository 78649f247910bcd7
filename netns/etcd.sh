# A member of etcd for etcd.yaml, on the machine of dispatcher N: etcd.sh N FOLDER. Its JSON gateway is on, as it is without a file.
n=$1 folder=$2
echo $$ >"$folder/etcd$n.pid"
exec etcd --name d$n --data-dir "$folder/etcd$n" --logger zap --log-outputs "$folder/etcd$n.log" --log-level warn \
  --listen-client-urls http://10.0.0.3$n:2379 --advertise-client-urls http://10.0.0.3$n:2379 \
  --listen-peer-urls http://10.0.0.3$n:2380 --initial-advertise-peer-urls http://10.0.0.3$n:2380 \
  --initial-cluster d1=http://10.0.0.31:2380,d2=http://10.0.0.32:2380,d3=http://10.0.0.33:2380 --unsafe-no-fsync
