UPDATE users SET full_name = 'Countess of Lovelace' WHERE email = 'ada@example.com';
