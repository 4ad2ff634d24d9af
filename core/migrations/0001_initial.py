import django.db.models.functions.datetime
from django.db import migrations, models

from core.migration_operations import CreateTables, protect


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        CreateTables(
            models=[
                migrations.CreateModel(
                    name='Organisation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120)),
                        ('week_start', models.PositiveSmallIntegerField(default=0, help_text='0 is Monday, 6 is Sunday')),
                        ('fiscal_year_start', models.PositiveSmallIntegerField(default=1, help_text='month, 1 to 12')),
                        ('base_currency', models.CharField(default='EUR', max_length=3)),
                        ('lead_visibility', models.CharField(choices=[('all', 'everybody sees all leads'), ('team', "people see their team's leads"), ('own', 'people see their own leads')], default='all', max_length=4)),
                        ('is_demo', models.BooleanField(default=False)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='core_one_organisation'), models.CheckConstraint(condition=models.Q(('week_start__lte', 6)), name='core_week_start_is_a_weekday'), models.CheckConstraint(condition=models.Q(('fiscal_year_start__gte', 1), ('fiscal_year_start__lte', 12)), name='core_fiscal_start_is_a_month')],
                    },
                ),
                migrations.CreateModel(
                    name='CompanyZone',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('from_day', models.DateField(unique=True)),
                        ('tz', models.CharField(help_text='IANA name', max_length=64)),
                    ],
                ),
                migrations.CreateModel(
                    name='MailSettings',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('host', models.CharField(max_length=253)),
                        ('port', models.PositiveIntegerField(default=587)),
                        ('security', models.CharField(choices=[('starttls', 'STARTTLS'), ('tls', 'TLS from the start'), ('none', 'None (only within your own network)')], default='starttls', max_length=8)),
                        ('user_name', models.CharField(blank=True, max_length=254)),
                        ('sealed_password', models.CharField(blank=True, help_text='see core.sealing', max_length=1000)),
                        ('sender', models.CharField(max_length=254)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='core_one_mail_server')],
                    },
                ),
                migrations.CreateModel(
                    name='ExchangeRate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('currency', models.CharField(max_length=3)),
                        ('day', models.DateField()),
                        ('rate', models.DecimalField(decimal_places=9, max_digits=18)),
                        ('source', models.CharField(max_length=60)),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        'indexes': [models.Index(fields=['currency', 'day', 'id'], name='core_rate_lookup')],
                    },
                ),
                migrations.CreateModel(
                    name='Maintenance',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.CharField(max_length=60)),
                    ],
                ),
                migrations.CreateModel(
                    name='StaleNote',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('lead_id', models.BigIntegerField(null=True)),
                        ('day', models.DateField()),
                        ('noted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='how long numbers have been behind is told from the oldest')),
                    ],
                ),
                migrations.CreateModel(
                    name='OutgoingMessage',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(help_text='what it is about: the same is written once', max_length=120, unique=True)),
                        ('kind', models.CharField(help_text='shown on the health page, so nothing personal', max_length=30)),
                        ('to', models.EmailField(blank=True, max_length=254)),
                        ('subject', models.CharField(blank=True, max_length=200)),
                        ('text', models.TextField(blank=True)),
                        ('calendar', models.TextField(blank=True, help_text='a calendar file (iCalendar) that goes with it')),
                        ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Given up'), ('unclear', 'Sent or not, nobody knows')], default='waiting', max_length=7)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_try_at', models.DateTimeField()),
                        ('claimed_at', models.DateTimeField(blank=True, null=True)),
                        ('created_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                        ('error', models.CharField(blank=True, help_text='class of the last error', max_length=60)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['state', 'next_try_at'], name='core_message_due')],
                    },
                ),
                migrations.CreateModel(
                    name='Heartbeat',
                    fields=[
                        ('part', models.CharField(choices=[('worker', 'Worker'), ('beat', 'Clock (beat)')], max_length=6, primary_key=True, serialize=False)),
                        ('seen_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='TaskFailure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('task', models.CharField(max_length=100)),
                        ('error', models.CharField(help_text='class of the error', max_length=60)),
                        ('times', models.PositiveIntegerField(default=1)),
                        ('first_at', models.DateTimeField()),
                        ('last_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('task', 'error'), name='core_failure_once')],
                    },
                ),
            ],
        ),
        *protect("core_exchangerate"),
    ]
