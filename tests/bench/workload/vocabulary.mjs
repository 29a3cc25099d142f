// The words of the workload, engine-neutral: what events, identities and artefacts (access items) say.
const numbered = (prefix, count) =>
  Array.from({length: count}, (_, i) => prefix + String(i).padStart(2, '0'));

export const vocabulary = {
  'event.type': ['leaver', 'mover', 'suspend', 'contract_end', 'compromise', 'inactivity',
    'role_change', 'long_leave'],
  'event.source': ['hr', 'manager', 'security', 'system'],
  'identity.kind': ['employee', 'contractor', 'service', 'partner', 'admin'],
  'identity.dept': ['eng', 'finance', 'hr', 'legal', 'sales', 'support', 'ops', 'security',
    'research', 'marketing', 'it', 'exec'],
  'identity.tags': ['pam', 'vip', 'oncall', 'remote', 'litigation_hold', 'shared_mailbox', 'dev', 'temp'],
  'artefact.type': ['account', 'grant', 'session', 'credential'],
  'artefact.system': numbered('sys', 40),
  'artefact.privilege': ['read', 'write', 'admin', 'owner'],
  'artefact.scopes': ['prod', 'pii', 'payments', 'backup', 'ci', 'vpn', 'mail', 'code'],
};
export const kDay = 86400;            // seconds
export const kStart = 1767225600;     // 2026-01-01T00:00:00Z
