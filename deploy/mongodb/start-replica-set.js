// For mongosh: makes one replica set of the three members, once, and sees to it that Highwater's user has the password
// that is configured. May be run again at any time.
const { MONGODB_ROOT_PASSWORD: rootPassword, MONGODB_PASSWORD: password } = process.env;
const hosts = ['mongodb-1:27017', 'mongodb-2:27017', 'mongodb-3:27017'];
const atMembers = (members, options, seconds) =>
  connect(`mongodb://root:${rootPassword}@${members}/admin?${options}&serverSelectionTimeoutMS=${seconds * 1_000}`);
const atPrimary = (seconds) => atMembers(hosts.join(','), 'replicaSet=highwater', seconds);

function start() {
  const first = atMembers(hosts[0], 'directConnection=true', 30);
  first.adminCommand({
    replSetInitiate: { _id: 'highwater', members: hosts.map((host, index) => ({ _id: index, host })) },
  });
}

function connectToPrimary() {
  try {
    return atPrimary(10);
  } catch (error) {
    print(`No replica set yet (${error.message}): it is made.`);
    start();
    return atPrimary(60);
  }
}

const admin = connectToPrimary();
const roles = [{ role: 'readWrite', db: 'highwater' }];
if (admin.getUser('highwater') === null) admin.createUser({ user: 'highwater', pwd: password, roles });
else admin.updateUser('highwater', { pwd: password, roles });
print('The replica set has a primary, and the user highwater its password.');
